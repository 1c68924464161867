"""Figures of a campaign, on the terminal while pytest holds the output."""

from __future__ import annotations

import os

from tests.site import Site


def print_line(line: str) -> None:
    os.write(1, f"\n{line}\n".encode())


def vendor(site: Site) -> str:
    """Its database, in the words of a figure's line."""
    return "MariaDB" if site.env.get("DATABASE_URL") else "SQLite"
