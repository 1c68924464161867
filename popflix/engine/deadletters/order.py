"""What an operator wants retried: the parameters of the unit `retry-dead-letters`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from popflix.engine.deadletters import sources
from popflix.engine.deadletters.letters import Wanted
from popflix.lib.errors import OperatorError

UNIT = "retry-dead-letters"
PER_MINUTE = 60


class Way(StrEnum):
    ONE = "one"  # a single letter, at once
    STAGGERED = "staggered"  # all that are meant, spread over time
    SAMPLED = "sampled"  # of each group five first, the rest if four of them pass


@dataclass(frozen=True)
class RetryOrder:
    """Empty words of the filter mean any; `letter` is the key of a single one."""

    mode: str = Way.STAGGERED
    source: str = ""
    unit: str = ""
    kind: str = ""
    group: str = ""
    letter: str = ""
    per_minute: int = PER_MINUTE
    by: str = ""

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.source, self.unit, self.kind, self.group)


def clean_params(params: Mapping[str, object]) -> dict[str, object]:
    """The parameters in their stored form. Raises OperatorError naming the wrong one."""
    known = asdict(RetryOrder())
    odd = sorted(set(params) - set(known))
    if odd:
        raise OperatorError(
            f"There is no parameter {odd[0]}.", f"Known are {', '.join(sorted(known))}."
        )
    cleaned: dict[str, object] = {
        name: str(params.get(name) or default)
        for name, default in known.items()
        if name != "per_minute"
    }
    cleaned["per_minute"] = _per_minute(params.get("per_minute"))
    order = RetryOrder(**cleaned)  # type: ignore[arg-type]
    if order.mode not in list(Way):
        raise OperatorError(f"mode cannot be {order.mode}.", f"Choose one of {', '.join(Way)}.")
    if (order.mode == Way.ONE) != bool(order.letter) or (order.letter and not order.source):
        raise OperatorError(
            "mode one and letter belong together, with the source of the letter.",
            "Write for instance mode=one source=runs letter=17.",
        )
    if order.source:
        sources.find(order.source)
    return cleaned


def _per_minute(given: object) -> int:
    if given is None:
        return PER_MINUTE
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= 60_000:
        raise OperatorError(
            "per_minute is no whole number from 1 to 60000.", "Write for instance per_minute=60."
        )
    return given
