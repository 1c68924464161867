"""What the console's long-running commands share."""

from __future__ import annotations

from popflix.lib.command import OperatorCommand


class ConsoleCommand(OperatorCommand):
    """Each line is seen at once, also through a pipe: somebody waits for the address."""

    needs_current_schema = False

    def say(self, line: str = "") -> None:
        super().say(line)
        (self.stderr if self.as_json else self.stdout).flush()
