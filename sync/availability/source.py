"""The engine's view of the work: claim what is due, ask the provider, store a batch.

A batch is stored between two rounds of controls (`controls`): one before the first of its fetches
and one after the last. Where they disagree, nothing of it is a fact, and the provider pauses.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from popflix.engine.context import RunContext
from popflix.engine.models import Lane, Run
from popflix.engine.pauses import StopsUnit
from popflix.engine.row_leases import RowLeases
from popflix.engine.source import Counts
from popflix.lib.http import UpstreamError
from sync.availability import controlled
from sync.availability.asking import Answered, Asked, Asking
from sync.availability.controls import Agreement, ControlDesk, Round
from sync.availability.figures import Figures
from sync.availability.heard import Heard, distrusted, heard_answer, heard_nothing
from sync.availability.held import read_asked
from sync.availability.hours import Tallies, Tally, add_hours, tally_rounds
from sync.availability.models import Availability, Provider
from sync.availability.store import Rules, apply_heard
from sync.availability.types import ProviderConfig
from sync.availability.verdict import judge_error

Results = Sequence[tuple[Asked, Answered | UpstreamError]]


@dataclass(frozen=True)
class Scope:
    """Which rows are claimed (`among` of `claim_rows`), and how they are answered: `spares`, a
    stored record of TMDB's may do it."""

    among: Mapping[str, Any]
    spares: bool = False


class AvailabilitySource:
    """One claim's work at one provider. `figures` count over all claims of the run."""

    def __init__(
        self,
        ctx: RunContext,
        config: ProviderConfig,
        provider: Provider,
        desk: ControlDesk,
        asking: Asking,
        rules: Rules,
        scope: Scope,
        *,
        lease_seconds: float,
        figures: Figures,
    ) -> None:
        self._ctx, self._config, self._provider = ctx, config, provider
        self._desk, self._asking, self._rules, self._scope = desk, asking, rules, scope
        self._leases = RowLeases(ctx, Availability, lease_seconds, among=scope.among)
        self._is_distrusted = False  # controls disagreed: whatever comes home is no fact
        self.figures = figures

    def claim(self, limit: int) -> list[Asked]:
        return self._claim(limit)

    def claim_urgent(self, limit: int) -> list[Asked]:
        """What operators want, and nothing else."""
        return self._claim(limit, lane=Lane.OPERATOR)

    def _claim(self, limit: int, **among: Any) -> list[Asked]:
        while True:
            keys, token = self._leases.claim(limit, **among)
            if not keys:
                return []
            claimed = read_asked(keys, token, fresh_since=self._fresh_since())
            if claimed.unwanted:
                self._put_off(claimed.unwanted)
            if claimed.asked:
                self._open(claimed.asked)
                return claimed.asked

    def fetch(self, item: Asked) -> Answered:
        return self._asking.ask(item)

    def settle(self, ctx: RunContext, results: Results) -> Counts:
        rounds = [] if self._is_distrusted else self._rounds_after(results)
        agreement = {each.mirror: each.agreement for each in rounds}
        self._is_distrusted |= Agreement.DISAGREE in agreement.values()
        batch = [self._heard(asked, told, agreement) for asked, told in results]
        faults = len(self._asking.faults)
        stored_rounds = list(self._desk.rounds)
        counts = _counts(batch)
        now = ctx.now()
        with ctx.commit(done=counts.done, ok=counts.ok, failed=counts.failed):
            stored = apply_heard(batch, self._rules, now=now, run_id=ctx.run_id)
            add_hours(self._provider.pk, self._tallies(results, batch, stored_rounds, faults), now)
            controlled.write(self._provider.pk, stored_rounds, now)
            figures = self.figures.after(batch, flipped=stored.flipped)
            Run.objects.filter(pk=ctx.run_id).update(result=figures.as_result())
        self.figures = figures
        self._forget(stored_rounds, faults)
        self._stop_if_distrusted(stored_rounds)  # one that lost against a lock asked no other
        return counts

    def give_back(
        self, ctx: RunContext, items: Sequence[Asked], *, due_in_seconds: float, why: str
    ) -> None:
        self._leases.give_back([item.id for item in items], due_in_seconds=due_in_seconds)

    def renew(self, items: Sequence[Asked]) -> None:
        self._leases.renew([item.id for item in items])

    # --- claiming -----------------------------------------------------------------------

    def _fresh_since(self) -> dt.datetime | None:
        if not self._scope.spares:
            return None
        return self._ctx.now() - dt.timedelta(hours=self._rules.stale_hours)

    def _put_off(self, keys: Collection[int]) -> None:
        """Hidden movies are looked at again as often as others are, and nobody is asked."""
        self._leases.give_back(keys, due_in_seconds=self._rules.stale_hours * 3600)

    def _open(self, claimed: Sequence[Asked]) -> None:
        """A round of controls before the first fetch. Raises StopsUnit where they disagree."""
        try:
            rounds = self._desk.open()
            if controlled.disagreeing(rounds):
                self._is_distrusted = True
                with self._ctx.commit():
                    tallies = Tallies(Tally)
                    tally_rounds(rounds, tallies)
                    add_hours(self._provider.pk, tallies, self._ctx.now())
                    controlled.write(self._provider.pk, rounds, self._ctx.now())
                self._desk.rounds.clear()
            self._stop_if_distrusted(rounds)
        except BaseException:
            self.give_back(self._ctx, claimed, due_in_seconds=0, why="controls")
            raise

    # --- settling -----------------------------------------------------------------------

    def _rounds_after(self, results: Results) -> list[Round]:
        """At the mirrors that answered; at all of them where none did."""
        answers = [told for _, told in results if isinstance(told, Answered)]
        seen = {each.checked.mirror for each in answers}
        mirrors = [each for each in self._desk.mirrors if each in seen or not seen]
        since = max((each.ended for each in answers), default=self._desk.tick())
        return self._desk.close(mirrors, since)

    def _heard(
        self,
        asked: Asked,
        told: Answered | UpstreamError,
        agreement: Mapping[str, Agreement],
    ) -> Heard:
        if isinstance(told, Answered):
            heard = heard_answer(asked, told)
        else:
            heard = heard_nothing(asked, judge_error(told), self._ctx.now())
        if self._is_distrusted:
            return distrusted(heard, is_returned=True)
        if not isinstance(told, Answered) or not self._desk.has_controls or not heard.is_known:
            return heard
        mirror = told.checked.mirror
        is_trusted = self._desk.was_trusted(mirror, told.began)
        if is_trusted and agreement.get(mirror) is Agreement.AGREE:
            return heard
        return distrusted(heard, is_returned=False)

    def _tallies(
        self, results: Results, batch: Sequence[Heard], rounds: Sequence[Round], faults: int
    ) -> Tallies:
        tallies = Tallies(Tally)
        for (_, told), heard in zip(results, batch, strict=True):
            mirror = told.checked.mirror if isinstance(told, Answered) else ""
            if isinstance(told, Answered) and self._is_spared(told):
                continue  # it says nothing of how the provider does
            tallies[mirror].found(heard.overall.found)
            if isinstance(told, Answered):
                tallies[mirror].took(told.checked.seconds, heard.overall.found)
                tallies[mirror].failed(heard.kind)
        for mirror, kind in itertools.islice(self._asking.faults, faults):
            tallies[mirror].failed(kind)
        tally_rounds(rounds, tallies)
        return tallies

    def _is_spared(self, told: Answered) -> bool:
        return self._scope.spares and not told.checked.was_sent

    def _forget(self, rounds: Sequence[Round], faults: int) -> None:
        """What the commit has stored; others may have come meanwhile."""
        for _ in range(faults):
            self._asking.faults.popleft()
        del self._desk.rounds[: len(rounds)]

    def _stop_if_distrusted(self, rounds: Sequence[Round]) -> None:
        if not self._is_distrusted:
            return
        wrong = controlled.disagreeing(rounds)
        told = controlled.told(wrong or rounds)
        memory: dict[str, object] = {"provider": self._config.name}
        if wrong:  # the very controls that are to agree again
            memory["turn"] = wrong[0].turn
        raise StopsUnit(
            f"The controls of {self._config.name} disagree, and nothing it says is a fact. "
            f"{told}".strip(),
            "Look at the provider and at its controls in POPFLIX_PROVIDERS; they are asked again "
            "every five minutes.",
            condition=controlled.CONDITION,
            memory=memory,
        )


def _counts(batch: Sequence[Heard]) -> Counts:
    """Of the run: what was given back is not done."""
    returned = sum(heard.is_returned for heard in batch)
    ok = sum(heard.is_known for heard in batch)
    done = len(batch) - returned
    return Counts(done=done, ok=ok, failed=done - ok, pending=returned)
