"""What `manage.py dead_letters` does: list, retry, discard, export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from popflix.engine.deadletters import discarding, exporting, sources
from popflix.engine.deadletters.ledger import Stage
from popflix.engine.deadletters.letters import Group, Wanted
from popflix.engine.deadletters.order import UNIT, RetryOrder, Way
from popflix.engine.deadletters.selecting import meant
from popflix.engine.views.running import Here, put_on_queue, rehearse, run_here
from popflix.engine.views.words import cut
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report
from popflix.lib.errors import EXIT_NEEDS_PERSON, OperatorError, UsageError
from popflix.lib.grid import aligned

Say = Callable[[str], None]
_TEXT_WIDTH = 80


@dataclass(frozen=True)
class Asked:
    """The command's words. Exactly one of retry, discard and export, or none: then list."""

    wanted: Wanted
    by: str
    say: Say
    retry: bool = False
    sampled: bool = False
    per_minute: int | None = None
    letter: str = ""
    enqueue: bool = False
    discard: bool = False
    why: str = ""
    export: str = ""
    is_rehearsal: bool = False
    clock: Clock = SYSTEM_CLOCK


def serve(asked: Asked, here: Callable[[], Here]) -> Report:
    """Do what is asked for. Raises UsageError where it cannot be meant, and OperatorError."""
    _require_sense(asked)
    if asked.retry:
        return _retry(asked, here)
    if asked.discard:
        return _discard(asked)
    if asked.export:
        return _export(asked)
    return _list(asked)


def _require_sense(asked: Asked) -> None:
    if sum((asked.retry, asked.discard, bool(asked.export))) > 1:
        raise UsageError(
            "Only one thing can be done at a time.", "Choose --retry, --discard or --export."
        )
    of_retry = asked.sampled or asked.per_minute is not None or asked.letter or asked.enqueue
    if of_retry and not asked.retry:
        raise UsageError(
            "--sampled, --per-minute, --letter and --enqueue say how to retry.", "Add --retry."
        )
    if asked.letter and (asked.sampled or asked.per_minute is not None):
        raise UsageError("One letter is neither sampled nor spread.", "Leave the others out.")


# --- listing ------------------------------------------------------------------------------------


def _list(asked: Asked) -> Report:
    groups = _groups(asked)
    for line in _lines(groups, asked.clock.now()):
        asked.say(line)
    return _report(groups)


def _groups(asked: Asked) -> list[Group]:
    """Raises OperatorError for a group that is not there (any more)."""
    groups = [group for _, group in meant(asked.wanted)]
    if asked.wanted.group and not groups:
        raise OperatorError(
            f"There is no group {asked.wanted.group}.",
            "`python manage.py dead_letters` lists the groups there are.",
        )
    return groups


def _report(groups: list[Group], **more: object) -> Report:
    letters = sum(group.count for group in groups)
    return Report({"letters": letters, "groups": [group.as_data() for group in groups], **more})


def _lines(groups: list[Group], now: dt.datetime) -> list[str]:
    if not groups:
        return ["No dead letters."]
    rows = [("group", "letters", "source", "unit", "kind", "oldest", "newest", "error")]
    rows += [
        (
            group.id,
            str(group.count),
            group.source,
            group.unit,
            group.kind,
            f"{group.oldest:%Y-%m-%d}",
            f"{group.newest:%Y-%m-%d}",
            cut(group.text or group.example, _TEXT_WIDTH),
        )
        for group in groups
    ]
    return aligned(rows)


# --- doing --------------------------------------------------------------------------------------


def _retry(asked: Asked, here: Callable[[], Here]) -> Report:
    params = _params(asked)
    if asked.letter:  # a slip of the pen is told here: a failed run would be a letter itself
        sources.letter_of(sources.find(str(params["source"])), asked.letter)
    groups = [] if asked.letter else _groups(asked)
    if asked.is_rehearsal:
        rehearse(UNIT, params, say=asked.say)
        for line in _lines(groups, asked.clock.now()) if groups else []:
            asked.say(line)
        return _report(groups, dry_run=True)
    if asked.enqueue:
        return put_on_queue(UNIT, params, say=asked.say)
    return _told(run_here(UNIT, params, here(), say_result=False), asked.say)


def _told(report: Report, say: Say) -> Report:
    """Say what became of each group. Where a sample stopped one, a person must look: exit 3."""
    result = report.data.get("result")
    groups = result.get("groups", {}) if isinstance(result, Mapping) else {}
    for name, entry in groups.items():
        say(f"  {name} ({cut(entry['error'], _TEXT_WIDTH)}): {_fate(entry)}")
    stopped = any(entry["stage"] == Stage.STOPPED for entry in groups.values())
    return replace(report, exit_code=EXIT_NEEDS_PERSON) if stopped else report


def _fate(entry: Mapping[str, object]) -> str:
    told = f"{entry['retried']} of {entry['letters']} put back"
    if entry["refused"]:
        told += f", {entry['refused']} refused ({entry.get('why_refused', '')})"
    if entry["stage"] == Stage.STOPPED:
        told += "; stopped: too few of the sample passed, or none can be retried now"
    return told


def _params(asked: Asked) -> Mapping[str, object]:
    way = Way.ONE if asked.letter else Way.SAMPLED if asked.sampled else Way.STAGGERED
    source = asked.wanted.source or ("runs" if asked.letter else "")
    order = RetryOrder(
        mode=way,
        source=source,
        unit=asked.wanted.unit,
        kind=asked.wanted.kind,
        group=asked.wanted.group,
        letter=asked.letter,
        by=asked.by,
    )
    given = {} if asked.per_minute is None else {"per_minute": asked.per_minute}
    return {**asdict(order), **given}


def _discard(asked: Asked) -> Report:
    groups = _groups(asked)
    count = sum(group.count for group in groups)
    if asked.is_rehearsal:
        for line in _lines(groups, asked.clock.now()):
            asked.say(line)
        asked.say(f"Would discard {count:,} dead letters; nothing was changed.")
        return _report(groups, dry_run=True)
    now = asked.clock.now()
    discarded = discarding.discard(asked.wanted, by=asked.by, why=asked.why, now=now)
    asked.say(f"Discarded {discarded:,} dead letters.")
    return Report({"discarded": discarded})


def _export(asked: Asked) -> Report:
    path = Path(asked.export)
    exporting.require_form(path)
    groups = _groups(asked)
    if asked.is_rehearsal:
        asked.say(f"Would write {sum(group.count for group in groups):,} letters to {path}.")
        return _report(groups, dry_run=True)
    count = exporting.export(asked.wanted, path)
    asked.say(f"Wrote {count:,} dead letters to {path}.")
    return Report({"exported": count, "file": str(path)})
