"""The work rows that one claim of one run holds: what every source over a table does alike."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from popflix.engine.context import RunContext
from popflix.engine.models import WorkRow
from popflix.engine.work import Among, claim_rows, give_back_rows, renew_rows

CLICK_SECONDS = 3.0  # a run that was started for a click claims its rows long before


@dataclass
class RowLeases:
    """`only` narrows the work to these keys, `among` to rows with these values (`claim_rows`).

    `leaves_clicks`: what operators want is left for a while to the runs that they started for it.
    """

    ctx: RunContext
    model: type[WorkRow]
    seconds: float
    only: Collection[Any] | None = None
    among: Among = None
    leaves_clicks: bool = False
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def claim(self, limit: int, **among: Any) -> tuple[list[Any], str]:
        """The keys, and the token under which they are held; `among` narrows this claim."""
        token = self.ctx.lease_token(next(self._numbers))
        keys = claim_rows(
            self.model,
            token=token,
            limit=limit,
            lease_seconds=self.seconds,
            now=self.ctx.now(),
            only=self.only,
            operators_after=CLICK_SECONDS if self.leaves_clicks else 0.0,
            among={**(self.among or {}), **among},
        )
        return keys, token

    def give_back(self, keys: Collection[Any], *, due_in_seconds: float) -> None:
        """In a commit of its own."""
        due_at = self.ctx.now() + dt.timedelta(seconds=due_in_seconds)
        with self.ctx.commit():
            give_back_rows(self.model, keys, token_prefix=self.ctx.lease_prefix, due_at=due_at)

    def renew(self, keys: Collection[Any]) -> None:
        renew_rows(
            self.model,
            keys,
            token_prefix=self.ctx.lease_prefix,
            lease_seconds=self.seconds,
            now=self.ctx.now(),
        )
