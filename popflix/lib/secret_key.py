"""What is one site's own: its SECRET_KEY, given or generated once, and a mark for its cookies."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from popflix.lib.errors import ConfigurationError
from popflix.lib.folders import ensure_folder


def secret_key(given: str, var: Path, *, may_generate: bool) -> str:
    """Return the key in force.

    Raises ConfigurationError where a shared database needs a key that every host knows.
    """
    if given:
        return given
    if not may_generate:
        raise ConfigurationError(
            "SECRET_KEY is not set, and this database may be shared by several hosts.",
            "Put one line SECRET_KEY=… into .env, the same on every host; "
            "`python -c 'import secrets; print(secrets.token_urlsafe(50))'` makes one.",
        )
    return _kept_key(var / "secret_key")


def site_mark(database: str) -> str:
    """Eight letters that tell two sites on one host apart, the same on every host of one site.

    `database` is its name, of SQLite the whole path.
    """
    return hashlib.sha256(database.encode()).hexdigest()[:8]


def _kept_key(path: Path) -> str:
    if not path.exists():
        ensure_folder(path.parent)
        # Written beside and linked into place: of two processes that start at once, one wins
        # and both read the winner's whole key.
        draft = path.with_name(f"secret_key.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
