"""One row of availability as lists, the matrix and its page show it."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

from popflix.engine.models import Lane
from popflix.lib.clock import SYSTEM_CLOCK
from sync.availability.finding import NOT_CHECKED
from sync.availability.models import Availability, Outcome
from sync.availability.screens.told import Offers, offers_of, reason
from sync.availability.screens.words import CREDITED
from sync.movies.screens.shown import Shown as ShownMovie


class Shown:
    """What templates ask for; `row` comes with its movie and provider."""

    def __init__(self, row: Availability) -> None:
        self.row = row

    @cached_property
    def movie(self) -> ShownMovie:
        return ShownMovie(self.row.movie)

    @property
    def where(self) -> str:
        """The provider, and the region where it is one."""
        name = self.row.provider.name
        return f"{name}, {self.row.region}" if self.row.region else name

    @property
    def full_name(self) -> str:
        return f"{self.movie.full_name} at {self.where}"

    # --- how it stands --------------------------------------------------------------------

    @property
    def state(self) -> str:
        """The last known answer, however old; without one, whether it was asked for at all."""
        row = self.row
        if row.status:
            return row.status
        return Outcome.UNKNOWN if row.last_outcome == Outcome.UNKNOWN else NOT_CHECKED

    @property
    def known_at(self) -> dt.datetime | None:
        """When the answer shown was found last: its age."""
        row = self.row
        return (row.confirmed_at or row.status_since) if row.status else row.last_checked

    @property
    def is_unknown(self) -> bool:
        """The last check found nothing out, and there may be an older answer."""
        return self.row.last_outcome == Outcome.UNKNOWN

    @property
    def why_unknown(self) -> str:
        row = self.row
        return reason(row.rule, row.last_error, row.code) if self.is_unknown else ""

    @property
    def waits(self) -> bool:
        """A check found the opposite; it counts once a second one agrees."""
        return bool(self.row.status) and self.row.differs_since is not None

    @property
    def opposite(self) -> str:
        return "unavailable" if self.row.is_available else "available"

    @property
    def evidence(self) -> str:
        """What the last check found, in one line: rule, code, host."""
        row = self.row
        known = (row.rule, str(row.code or ""), row.final_host)
        return ", ".join(dict.fromkeys(each for each in known if each))

    @property
    def may_be_asked(self) -> bool:
        """What holds for a region is found out by the row beside it."""
        return not self.row.region

    @property
    def asked(self) -> str:
        """What its button says."""
        return "Re-check" if self.row.last_checked else "Check"

    @property
    def is_leased(self) -> bool:
        """Somebody checks it this moment; `due_at` is the end of their lease."""
        return bool(self.row.lease_token) and not self.is_due

    @property
    def is_due(self) -> bool:
        return self.row.due_at is not None and self.row.due_at <= SYSTEM_CLOCK.now()

    @property
    def lane(self) -> str:
        return str(Lane(self.row.lane).label).lower()

    # --- offers ---------------------------------------------------------------------------

    @property
    def is_credited(self) -> bool:
        """Whether JustWatch stands behind what is shown."""
        return self.row.provider.kind == CREDITED

    @cached_property
    def offers(self) -> Offers:
        return offers_of(self.row.region, self.row.offers)
