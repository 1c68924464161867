"""Figures of a campaign, on the terminal while pytest holds the output."""

from __future__ import annotations

import os


def print_line(line: str) -> None:
    os.write(1, f"\n{line}\n".encode())
