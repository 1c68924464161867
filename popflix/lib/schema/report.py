"""What an examination found, as lines for a person and as data for a program."""

from __future__ import annotations

from collections.abc import Iterator

from popflix.lib.schema.compare import Problem
from popflix.lib.schema.examine import Examined


def lines(examined: Examined) -> Iterator[str]:
    """Yield the table's verdict, then each problem with the SQL to run, indented."""
    yield f"{examined.wanted.name}: {verdict(examined)}"
    for sql in examined.additions():
        yield f"    {sql};"
    for problem in examined.comparison.misfits:
        yield from _problem(problem, "Mend it first, with")
    for problem in examined.comparison.advice:
        yield from _problem(problem, "Before that matters, run")


def _problem(problem: Problem, asked: str) -> Iterator[str]:
    yield f"  {problem.cause}. {asked}:"
    for sql in problem.cure:
        yield f"    {sql};"


def verdict(examined: Examined) -> str:
    if examined.there is None:
        return "absent, will be created"
    if examined.comparison.misfits:
        return "there, but does not fit"
    if missing := examined.comparison.missing:
        return f"fits, will get the columns it lacks: {', '.join(each.name for each in missing)}"
    return "fits"


def as_data(examined: Examined) -> dict[str, object]:
    """`state`: absent, fits, lacks columns, does not fit; statements without a semicolon."""
    return {
        "table": examined.wanted.name,
        "state": examined.state,
        "adds": list(examined.additions()),
        "misfits": [_problem_data(each) for each in examined.comparison.misfits],
        "advice": [_problem_data(each) for each in examined.comparison.advice],
    }


def _problem_data(problem: Problem) -> dict[str, object]:
    return {"cause": problem.cause, "sql": list(problem.cure)}
