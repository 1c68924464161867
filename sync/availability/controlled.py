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
    name = str(pause.memory.get("provider", ""))
    if name not in {config.name for config in providers.configured()}:
        return True
    try:
        rounds = ask_all(providers.find(name), clock)
    except (OperatorError, UpstreamError, Parked) as error:
        log.info("the controls of %s cannot be asked yet: %s", name, error)
        return False
    provider = Provider.objects.filter(name=name).first()
    if provider is not None:
        write(provider.pk, rounds, now)
    return verdict(rounds) is True


def ask_all(config: ProviderConfig, clock: Clock) -> list[Round]:
    """A round at each mirror; none where the provider has no controls. Raises what a check does.

    Somebody waits for the answer: nobody is asked twice.
    """
    checker = checkers.build_checker(config, clock)
    try:
        checker.begin()
        desk = ControlDesk(
            config, checker, imdb_ids=imdb_ids, pause=partial(_no_longer_than, clock, 1.0)
        )
        return desk.open()
    finally:
        checker.close()


def _no_longer_than(clock: Clock, seconds: float, wanted: float) -> None:
    clock.sleep(min(seconds, wanted))
