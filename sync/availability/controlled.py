"""What rounds of controls came to: kept with the provider, and asked again while it pauses."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from functools import partial

from popflix.engine.models import Pause
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import OperatorError
from popflix.lib.http import UpstreamError
from popflix.lib.limiter import Parked
from sync.availability import checkers, providers
from sync.availability.controls import Agreement, ControlDesk, Round
from sync.availability.held import imdb_ids
from sync.availability.models import Provider
from sync.availability.types import ProviderConfig

CONDITION, CHECK_SECONDS = "provider-controls", 300.0
_TOLD_LENGTH = 300
_LONGEST_READ_SECONDS = 20.0  # of a list

log = logging.getLogger(__name__)


def write(provider_id: int, rounds: Sequence[Round], now: dt.datetime) -> None:
    """In the caller's transaction. Nothing where no round was asked for."""
    if rounds:
        Provider.objects.filter(pk=provider_id).update(
            controls_at=now, controls_agree=verdict(rounds), controls_told=told(rounds)
        )


def verdict(rounds: Sequence[Round]) -> bool | None:
    """Of several rounds; None: not all could be asked, and none disagreed."""
    found = {each.agreement for each in rounds}
    if Agreement.DISAGREE in found:
        return False
    return None if Agreement.UNASKED in found else True


def disagreeing(rounds: Sequence[Round]) -> list[Round]:
    return [each for each in rounds if each.agreement is Agreement.DISAGREE]


def told(rounds: Sequence[Round]) -> str:
    """In words what was not as it ought to be, each once."""
    words = dict.fromkeys(each.told for each in rounds if each.told)
    return " ".join(words)[:_TOLD_LENGTH]


def agree_again(pause: Pause, now: dt.datetime, clock: Clock = SYSTEM_CLOCK) -> bool:
    """Whether the unit that this pause holds may go on: its controls are asked, all mirrors'.

    A provider that is configured no longer has nothing to wait for.
    """
    name, turn = str(pause.memory.get("provider", "")), pause.memory.get("turn")
    if name not in {config.name for config in providers.configured()}:
        return True
    try:
        rounds = ask_all(providers.find(name), clock, turn if isinstance(turn, int) else 0)
    except _TooLong:
        return True  # the next run asks them, before anything else
    except (OperatorError, UpstreamError, Parked) as error:
        log.info("the controls of %s cannot be asked yet: %s", name, error)
        return False
    provider = Provider.objects.filter(name=name).first()
    if provider is not None:
        write(provider.pk, rounds, now)
    return verdict(rounds) is True


def ask_all(config: ProviderConfig, clock: Clock, turn: int) -> list[Round]:
    """A round of the controls whose turn it was, at one mirror after the other until one does not
    agree; none where the provider has no controls. Raises what a check does.

    Others wait for the watcher meanwhile: nobody is asked twice.
    """
    checker = checkers.build_checker(config, clock)
    try:
        checker.begin(partial(_within, clock, clock.monotonic() + _LONGEST_READ_SECONDS))
        desk = ControlDesk(
            config, checker, imdb_ids=imdb_ids, pause=clock.sleep, first=turn, tries=1
        )
        return _until_one_disagrees(desk, turn)
    finally:
        checker.close()


def _until_one_disagrees(desk: ControlDesk, turn: int) -> list[Round]:
    rounds: list[Round] = []
    for mirror in desk.mirrors if desk.has_controls else ():
        rounds.append(desk.ask(mirror, turn))
        if rounds[-1].agreement is not Agreement.AGREE:
            break
    return rounds


class _TooLong(Exception):  # noqa: N818 - never leaves this module
    """A list that nobody can wait for here: other units wait for the watcher meanwhile."""


def _within(clock: Clock, until: float) -> None:
    if clock.monotonic() > until:
        raise _TooLong
