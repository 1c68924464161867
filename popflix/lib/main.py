"""Run a management command so that every failure is one sentence of cause and one of cure."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import DatabaseError, InterfaceError

from popflix.lib.errors import OperatorError, Stopped
from popflix.lib.explain import explain


def run(argv: Sequence[str]) -> int:
    """Run `argv` and return the exit code; `--traceback` lets an error through whole."""
    try:
        execute_from_command_line(list(argv))
    except Stopped as stopped:
        sys.stderr.write(f"{stopped.how_to_go_on}\n")
        return stopped.exit_code
    except KeyboardInterrupt:  # a command that saves nothing of its own, such as migrate
        return 128 + signal.SIGINT
    except (OperatorError, DatabaseError, InterfaceError, ImproperlyConfigured) as error:
        if "--traceback" in argv:
            raise
        told = explain(error)
        # Where the settings fail, there is no command yet that could print its object.
        if "--json" in argv and not getattr(error, "told_as_json", False):
            sys.stdout.write(json.dumps(told.as_data(), ensure_ascii=False) + "\n")
        sys.stderr.write(f"Error: {told.cause}\nFix: {told.cure}\n")
        return told.exit_code
    return 0
