"""What became of a batch of checks, before anything is written. Values in, values out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sync.availability.asking import Answered, Asked
from sync.availability.types import Found, Judged
from sync.availability.verdict import CONTROLS, failure_kind
from sync.movies.bodies import Body

CONTROLS_DISAGREE = "the provider's controls disagree: nothing it said counts"
CONTROLS_UNASKED = "the provider's controls could not be asked: what it said does not count yet"


@dataclass(frozen=True, slots=True)
class Heard:
    """One check. `kind` is why it found nothing. `is_returned`: it does not count as a try."""

    asked: Asked
    overall: Judged
    at: dt.datetime
    regions: Mapping[str, Judged] = field(default_factory=dict)
    kind: str = ""
    document: Body | None = None
    is_gone: bool = False
    is_returned: bool = False

    @property
    def is_known(self) -> bool:
        return self.overall.found is not Found.UNKNOWN


def heard_answer(asked: Asked, answered: Answered) -> Heard:
    """As the provider said it, of all its regions: a second look that one of them waits for would
    be forgotten otherwise."""
    checked = answered.checked
    heard = Heard(asked, checked.overall, checked.at, checked.regions, document=answered.document)
    return _with_kind(replace(heard, is_gone=checked.is_gone))


def heard_nothing(asked: Asked, judged: Judged, at: dt.datetime) -> Heard:
    return _with_kind(Heard(asked, judged, at))


def distrusted(heard: Heard, *, is_returned: bool) -> Heard:
    """What was said counts for nothing; its code and host stay, to be looked at."""
    words = CONTROLS_DISAGREE if is_returned else CONTROLS_UNASKED
    judged = replace(heard.overall, found=Found.UNKNOWN, rule=CONTROLS, words=words, offers=None)
    return Heard(heard.asked, judged, heard.at, kind=CONTROLS, is_returned=is_returned)


def _with_kind(heard: Heard) -> Heard:
    return heard if heard.is_known else replace(heard, kind=failure_kind(heard.overall))
