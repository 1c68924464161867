"""Folders that the project writes to."""

from __future__ import annotations

from pathlib import Path

from popflix.lib.errors import ConfigurationError


def ensure_folder(folder: Path) -> Path:
    """Make the folder where it is missing. Raises ConfigurationError where that is refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be made ({error.strerror}).",
            "Make it writable, or set POPFLIX_VAR to a folder that is.",
        ) from None
    return folder
