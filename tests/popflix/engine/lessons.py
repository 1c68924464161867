"""The examples of docs/engine.md, to be executed."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from popflix.engine.registry import registry

DOCUMENT = Path(__file__).parents[3] / "docs" / "engine.md"
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """One block of Python. What a line prints stands behind it as a comment."""

    line: int
    code: str
    printed: list[str]

    def run(self, names: dict[str, object]) -> list[str]:
        """Execute it among these names; the lines that it printed."""
        code = "\n" * self.line + self.code  # so that a traceback shows the page's lines
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(code, str(DOCUMENT), "exec"), names)
        return out.getvalue().splitlines()


def examples() -> list[Example]:
    text = DOCUMENT.read_text()
    found: list[Example] = []
    for block in _BLOCK.finditer(text):
        code = block.group(1)
        printed = re.findall(r"^ *print\(.*\)  # (.+)$", code, re.MULTILINE)
        found.append(Example(text[: block.start()].count("\n") + 1, code, printed))
    return found


@contextmanager
def lesson(*words: str) -> Iterator[Mapping[str, object]]:
    """Execute the examples in which one of these words stands; their units go afterwards."""
    names: dict[str, object] = {}
    before = set(registry.names())
    try:
        for example in examples():
            if any(word in example.code for word in words):
                example.run(names)
        yield names
    finally:
        for unit in set(registry.names()) - before:
            registry.release(unit)
