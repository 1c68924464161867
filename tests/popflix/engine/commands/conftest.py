"""Commands through the command line's own door, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from popflix.engine.registry import Mode, Unit, registry
from popflix.lib.errors import OperatorError
from popflix.lib.main import run


@dataclass(frozen=True)
class Answer:
    code: int | str | None
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Manage = Callable[..., Answer]


@pytest.fixture
def manage(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Manage:
    """`manage("units", "--json")` as the command line would run it."""
    # A command closes its connections at the end: here they are the test's, in a transaction.
    kept = SimpleNamespace(close_all=lambda: None)
    monkeypatch.setattr("django.core.management.base.connections", kept)

    def call(*arguments: str) -> Answer:
        capsys.readouterr()
        try:
            code: int | str | None = run(["manage.py", *arguments])
        except SystemExit as exit_:
            code = exit_.code
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return call


def count_up(ctx: Any) -> dict[str, object]:
    """Counts to `to`, in chunks of one; `fail` breaks it at that number."""
    to, fail = int(ctx.params.get("to", 3)), ctx.params.get("fail")
    ctx.progress(total=to)
    counted = 0
    while counted < to and not ctx.should_stop():
        if counted == fail:
            raise ValueError(f"cannot count {counted}")
        with ctx.commit(done=1, ok=1):
            ctx.milestone("counted", number=counted)
        counted += 1
    return {"counted": counted, "word": "so\x1b[31m many"}


def checked(params: Any) -> dict[str, object]:
    if unknown := set(params) - {"to", "fail"}:
        raise OperatorError(f"count-up knows no {', '.join(sorted(unknown))}.", "Use to.")
    return dict(params)


def greet(ctx: Any) -> dict[str, object]:
    ctx.note("hello")
    return {}


UNITS = (
    Unit("count-up", count_up, title="Counts", clean_params=checked),
    Unit("greet", greet),
    Unit("greet-and-greet", None, mode=Mode.SEQUENTIAL, workers=("greet", "greet")),
    Unit("side-by-side", None, mode=Mode.PARALLEL, workers=("greet", "count-up")),
)


@pytest.fixture
def units() -> Iterator[None]:
    """A few units that exist for the length of a test."""
    for each in UNITS:
        registry.register(each)
    yield
    for each in UNITS:
        registry.release(each.name)
