#!/usr/bin/env python3
"""The command line of popflix: `python manage.py COMMAND`."""

import os
import sys


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "popflix.settings")
    if sys.version_info < (3, 11):  # noqa: UP036 - the sentence for who runs an older one
        sys.stderr.write("popflix needs Python 3.11 or newer.\nFix: run it with python3.11.\n")
        return 1
    try:
        from popflix.lib.main import run
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith(("popflix", "sync")):
            raise
        sys.stderr.write(
            f"The package {missing.name} is not installed.\n"
            "Fix: run `make setup`, then `.venv/bin/python manage.py …`.\n"
        )
        return 1
    return run(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
