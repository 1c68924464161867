"""Errors an operator can act on: one sentence of cause, one of cure, an exit code.

Exit codes are the same everywhere: 0 done, 1 error, 2 usage, 3 needs a person,
130/143 stopped by SIGINT/SIGTERM with everything saved.
"""

from __future__ import annotations

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_NEEDS_PERSON = 3


class OperatorError(Exception):
    """Something the operator can mend. `cause` and `cure` are one sentence each."""

    def __init__(self, cause: str, cure: str, *, exit_code: int = EXIT_ERROR) -> None:
        super().__init__(f"{cause} {cure}")
        self.cause = cause
        self.cure = cure
        self.exit_code = exit_code

    def as_data(self) -> dict[str, object]:
        """What --json prints in place of a result."""
        return {"error": self.cause, "fix": self.cure}


class ConfigurationError(OperatorError):
    """A setting is missing or wrong; the cause names the variable."""


class UsageError(OperatorError):
    """What was asked for cannot be meant: an option of the wrong form. Exit code 2."""

    def __init__(self, cause: str, cure: str) -> None:
        super().__init__(cause, cure, exit_code=EXIT_USAGE)


class Stopped(Exception):  # noqa: N818 - not an error: the operator asked for it
    """The command was stopped by a signal after saving everything."""

    def __init__(self, signal_number: int, how_to_go_on: str) -> None:
        super().__init__(how_to_go_on)
        self.signal_number = signal_number
        self.how_to_go_on = how_to_go_on

    @property
    def exit_code(self) -> int:
        return 128 + self.signal_number
