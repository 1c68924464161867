"""Titles of which an operator knows the answer, asked before and after the others.

A provider that says "no" to everything, or "yes", says nothing: what it answered between two
rounds of controls counts only where both rounds came out as they must. One round asks about one
title that is available and one that is not, the next round about the next ones.

What came first is kept by an order of its own (`tick`), which no clock can upset: a fetch has one
number before and one after it, and so has a round.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from popflix.lib.backoff import backoff_seconds
from popflix.lib.http import RateLimited, Refused, UpstreamError
from popflix.lib.limiter import Parked
from sync.availability.template import label_of
from sync.availability.types import Checked, Checker, Found, ProviderConfig, Target

TRIES = 3
SHUT_SECONDS = 300.0  # until a provider whose controls cannot be asked is asked again
_LONGEST_PAUSE = 5.0  # between two tries; the writer waits
_LANE = 0  # the operator's: the writer waits
ImdbIds = Callable[[str, Sequence[int]], Mapping[int, str]]
Pause = Callable[[float], object]


class Agreement(Enum):
    AGREE = auto()
    DISAGREE = auto()
    UNASKED = auto()  # no answer came, which says nothing of the titles


@dataclass(frozen=True, slots=True)
class Probe:
    """One control. `checked` None: no answer came."""

    checked: Checked | None
    agreement: Agreement
    told: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """`turn` says which controls were asked about; a desk that begins with it asks them again."""

    mirror: str
    probes: tuple[Probe, ...]
    began: int
    ended: int
    turn: int

    @property
    def agreement(self) -> Agreement:
        found = {probe.agreement for probe in self.probes}
        if Agreement.DISAGREE in found:
            return Agreement.DISAGREE
        return Agreement.UNASKED if Agreement.UNASKED in found else Agreement.AGREE

    @property
    def told(self) -> str:
        return " ".join(probe.told for probe in self.probes if probe.told)


class ControlDesk:
    """The rounds of one claim of one run. Without controls everything is trusted.

    `imdb_ids(media_type, tmdb_ids)` is asked once; `pause(seconds)` sleeps between two tries.
    Rounds are asked for from the writer's thread alone.
    """

    def __init__(
        self,
        config: ProviderConfig,
        checker: Checker,
        *,
        imdb_ids: ImdbIds,
        pause: Pause,
        first: int = 0,
        tries: int = TRIES,
    ) -> None:
        self._config, self._checker, self._pause = config, checker, pause
        self._imdb_ids, self._tries = imdb_ids, tries
        self._targets: dict[int, Target] = {}
        self._numbers, self._turns = itertools.count(1), itertools.count(first)
        self._newest: dict[str, Round] = {}
        self._agreed_since: dict[str, int] = {}
        self.rounds: list[Round] = []  # that nobody has stored yet
        self.is_shut, self.shut_seconds, self.why_shut = False, SHUT_SECONDS, ""

    def tick(self) -> int:
        """The next number; safe from any thread."""
        return next(self._numbers)

    @property
    def has_controls(self) -> bool:
        return bool(self._config.controls)

    @property
    def mirrors(self) -> tuple[str, ...]:
        return tuple(map(label_of, self._config.mirrors)) or ("",)

    def open(self) -> list[Round]:
        """Before the first fetch: a round at each mirror. Shut where none could be asked."""
        if not self.has_controls or (self._newest and not self.is_shut):
            return []
        turn = next(self._turns)
        rounds = [self.ask(mirror, turn) for mirror in self.mirrors]
        self._shut_if_unasked(rounds)
        return rounds

    def close(self, mirrors: Sequence[str], since: int) -> list[Round]:
        """After the last fetch of a batch, which ended at `since`: one at each of its mirrors.

        A round that was asked for since then is taken again: a batch that has to be stored once
        more, because it lost against a lock, asks nobody again.
        """
        if not self.has_controls:
            return []
        turn = next(self._turns)
        rounds = [
            self._newest_since(mirror, since) or self.ask(mirror, turn) for mirror in mirrors
        ]
        self._shut_if_unasked(rounds)
        return rounds

    def was_trusted(self, mirror: str, began: int) -> bool:
        """Whether a round at the mirror had agreed before what began then."""
        if not self.has_controls:
            return True
        return mirror in self._agreed_since and self._agreed_since[mirror] < began

    def ask(self, mirror: str, turn: int) -> Round:
        """A round now. Raises Refused where the upstream takes no key."""
        began = self.tick()
        controls = self._config.controls
        pairs = ((controls.available, Found.AVAILABLE), (controls.unavailable, Found.UNAVAILABLE))
        probes = tuple(self._probe(ids[turn % len(ids)], due, mirror) for ids, due in pairs)
        made = Round(mirror, probes, began, self.tick(), turn)
        if made.agreement is Agreement.AGREE:
            self._agreed_since.setdefault(mirror, made.ended)
        self._newest[mirror] = made
        self.rounds.append(made)
        return made

    def _newest_since(self, mirror: str, since: int) -> Round | None:
        newest = self._newest.get(mirror)
        return newest if newest is not None and newest.began > since else None

    def _shut_if_unasked(self, rounds: Sequence[Round]) -> None:
        self.is_shut = bool(rounds) and all(each.agreement is Agreement.UNASKED for each in rounds)
        self.why_shut = rounds[0].told if self.is_shut else ""

    def _probe(self, tmdb_id: int, due: Found, mirror: str) -> Probe:
        answer = self._try(self._target(tmdb_id), mirror)
        if isinstance(answer, str):
            told = f"The control {tmdb_id} could not be asked about: {answer}"
            return Probe(None, Agreement.UNASKED, told)
        judged = answer.overall
        if judged.found is due:
            return Probe(answer, Agreement.AGREE)
        where = f" at {mirror}" if mirror else ""
        told = (
            f"The control {tmdb_id} ought to be {due}{where}, and is {judged.found} "
            f"({judged.rule})."
        )
        return Probe(answer, Agreement.DISAGREE, told)

    def _try(self, target: Target, mirror: str) -> Checked | str:
        """The answer, or in words why there is none."""
        why = ""
        for number in range(self._tries):
            try:
                return self._checker.check(target, _LANE, mirror=mirror)
            except Refused:
                raise
            except Parked as parked:
                why, seconds = parked.why, parked.wait_seconds
            except UpstreamError as error:
                why, seconds = str(error), _seconds(error, number)
                if not error.retryable:
                    break
            if number == self._tries - 1 or seconds > _LONGEST_PAUSE:
                break
            self._pause(seconds)
        return why

    def _target(self, tmdb_id: int) -> Target:
        if not self._targets:
            controls, media_type = self._config.controls, self._config.media_types[0]
            ids = (*controls.available, *controls.unavailable)
            known = self._imdb_ids(media_type, ids)
            self._targets = {each: Target(media_type, each, known.get(each, "")) for each in ids}
        return self._targets[tmdb_id]


def _seconds(error: UpstreamError, number: int) -> float:
    asked = error.retry_after
    if isinstance(error, RateLimited):
        asked = error.wait_seconds or asked
    return asked if asked is not None else backoff_seconds(number, 1.0)
