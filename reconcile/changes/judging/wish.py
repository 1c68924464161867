"""What is asked of reconciling: the parameters of the unit, checked once at the door."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.conf import settings

from popflix.lib.errors import ConfigurationError, OperatorError, UsageError
from reconcile.changes.approval.wanting import APPROVE
from reconcile.changes.finding.scope import loaded_sources
from reconcile.changes.policy.compose import Policy
from reconcile.changes.types import ChangeKind
from reconcile.feed.models import Cinema

UNIT = "reconcile-shows"
BATCH_ROWS = 2_000  # a person's click waits behind each commit on SQLite
MOST_BATCH_ROWS = 20_000  # on SQLite others wait for a transaction
NO_KIND = "none"
_KINDS = [kind for kind in ChangeKind if kind != ChangeKind.REMOVE]


@dataclass(frozen=True)
class Wish:
    """`sources` and `cinemas` are all where they are empty. `now` is an instant in UTC, or None.

    `force` overrides the guards, for the reason `why`, in the name of `by`.
    """

    review: bool = False
    sources: Sequence[str] = ()
    cinemas: Sequence[int] = ()
    batch_size: int = BATCH_ROWS
    now: str | None = None
    force: bool = False
    why: str = ""
    by: str = ""

    def moment(self, now: dt.datetime) -> dt.datetime:
        return dt.datetime.fromisoformat(self.now) if self.now else now

    def policy(self) -> Policy:
        """Raises ConfigurationError for what POPFLIX_AUTO_APPLY cannot mean."""
        return Policy(
            missing_loads=settings.POPFLIX_MISSING_LOADS,
            auto=auto_kinds(settings.POPFLIX_AUTO_APPLY),
            is_reviewed=self.review,
            force_why=self.why if self.force else "",
            forced_by=self.by,
        )


def auto_kinds(words: Sequence[str]) -> frozenset[ChangeKind]:
    """The kinds that are applied by themselves. Raises ConfigurationError."""
    if list(words) == [NO_KIND]:
        return frozenset()
    for word in words:
        if word not in _KINDS:
            raise ConfigurationError(
                f"POPFLIX_AUTO_APPLY names {word}, which is no kind of change.",
                f"Known are {', '.join(_KINDS)}; or {NO_KIND} alone.",
            )
    return frozenset(map(ChangeKind, words))


def clean_params(params: Mapping[str, object]) -> dict[str, object]:
    """The stored form. Raises OperatorError naming the parameter that is wrong."""
    known = list(Wish.__dataclass_fields__)
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise OperatorError(
            f"There is no parameter {unknown[0]}.", f"Known are {', '.join(known)}."
        )
    why, is_forced = str(params.get("why") or "").strip(), _flag(params, "force")
    if is_forced and not why:
        raise UsageError("--force has no reason.", "Say --why TEXT: the audit trail keeps it.")
    if why and not is_forced:
        raise UsageError("--why goes with --force.", "Say both or neither.")
    wish = Wish(
        review=_flag(params, "review"),
        sources=_sources(params.get("sources")),
        cinemas=_cinemas(params.get("cinemas")),
        batch_size=_batch_size(params.get("batch_size")),
        now=clean_moment(params.get("now")),
        force=is_forced,
        why=why,
        by=str(params.get("by") or ""),
    )
    return asdict(wish)


def permission(params: Mapping[str, object]) -> str:
    """Overriding the guards is a decision."""
    return APPROVE if params.get("force") else ""


def _flag(params: Mapping[str, object], name: str) -> bool:
    value = params.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise OperatorError(f"{name} is {value}.", "Give true or false.")


def _sources(value: object) -> list[str]:
    names = [str(each) for each in _listed(value)]
    if not names:
        return []
    known = loaded_sources()
    for name in names:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise OperatorError(f"No feed {name} is loaded.", f"Loaded are: {listed}.")
    return sorted(set(names))


def _cinemas(value: object) -> list[int]:
    numbers = []
    for each in _listed(value):
        if isinstance(each, bool) or not isinstance(each, int):
            raise OperatorError(f"cinemas names {each}.", "Give the feeds' cinema numbers.")
        numbers.append(each)
    known = set(Cinema.objects.filter(pk__in=numbers).values_list("pk", flat=True))
    for number in numbers:
        if number not in known:
            raise OperatorError(f"No feed knows a cinema {number}.", "Correct the number.")
    return sorted(known)


def _listed(value: object) -> Sequence[object]:
    if value is None:
        return []
    return value if isinstance(value, list | tuple) else [value]


def _batch_size(value: object) -> int:
    if value is None:
        return BATCH_ROWS
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_BATCH_ROWS:
        raise UsageError(
            f"--batch-size is {value}.", f"Give a whole number from 1 to {MOST_BATCH_ROWS}."
        )
    return value


def clean_moment(value: object) -> str | None:
    """An instant in UTC as it is stored. Raises UsageError."""
    if value is None or value == "":
        return None
    try:
        moment = dt.datetime.fromisoformat(str(value))
    except ValueError:
        raise UsageError(
            f"--now is {value}.", "Give an instant like 2026-01-28T12:00:00+05:30."
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment.astimezone(dt.UTC).isoformat()
