"""Who gives a command."""

from __future__ import annotations

import getpass
import os


def os_user() -> str:
    """The account's name on this system, or its number where it has none (in a container)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
