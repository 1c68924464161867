"""Whether TMDB takes the key that is set. The key itself is never stored, only its fingerprint."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings

from popflix.engine.models import Pause
from popflix.engine.pauses import Paused, StopsUnit
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import ConfigurationError, OperatorError
from popflix.lib.http import UpstreamError
from popflix.lib.limiter import Parked
from sync.tmdb.client import (
    WHERE_TO_GET_A_KEY,
    build_client,
    credentials,
    key_variable,
    tmdb_limiter,
)

log = logging.getLogger(__name__)
CONDITION = "tmdb-key"  # of the pause that a refused key brings
_OPERATORS_LANE = 0
_DEADLINE_SECONDS = 10.0


def why_no_key() -> ConfigurationError | None:
    """Why TMDB cannot be asked with the present settings; None when it can."""
    try:
        credentials()
    except ConfigurationError as error:
        return error
    return None


def fingerprint() -> str:
    """Tells one key from another and nothing else: HMAC-SHA256 under SECRET_KEY."""
    secret = settings.TMDB_READ_TOKEN or settings.TMDB_API_KEY
    message = f"{CONDITION}:{key_variable()}:{secret}"
    return hmac.digest(settings.SECRET_KEY.encode(), message.encode(), "sha256").hex()


def refused(answer: str) -> StopsUnit:
    """What a body raises when TMDB does not take the key: every run with it would end so."""
    memory = {"fingerprint": fingerprint(), "answer": answer}
    return StopsUnit(*_in_words(answer), condition=CONDITION, memory=memory)


def still_refused(memory: Mapping[str, object]) -> OperatorError:
    """For whoever starts a run with the very key that was refused; or that no key is set."""
    why = why_no_key()
    return why or OperatorError(*_in_words(str(memory.get("answer", ""))))


def _in_words(answer: str) -> tuple[str, str]:
    variable = key_variable()
    return (
        f"The key in {variable} is refused ({answer}), and every row is left as it was.",
        f"Correct {variable} in .env; {WHERE_TO_GET_A_KEY} shows your keys.",
    )


@contextmanager
def refusal_told(unit: str) -> Iterator[None]:
    """Where nothing but a refused key pauses the unit, say what to do about the key."""
    try:
        yield
    except Paused:
        held = list(Pause.objects.filter(unit=unit))
        if not held or any(pause.condition != CONDITION for pause in held):
            raise
        raise still_refused(held[0].memory) from None


def is_taken_again(memory: Mapping[str, object], clock: Clock = SYSTEM_CLOCK) -> bool:
    """Whether the key is worth another try: another one than the refused one, or taken by now.

    `memory` is what the pause remembers. Asks TMDB once where the key is still the same.
    """
    if why_no_key():
        return False
    if not hmac.compare_digest(str(memory.get("fingerprint")).encode(), fingerprint().encode()):
        return True
    return _tmdb_takes_it(clock)


def _tmdb_takes_it(clock: Clock) -> bool:
    client = build_client(tmdb_limiter(clock), clock, deadline_seconds=_DEADLINE_SECONDS)
    try:
        client.check_key(_OPERATORS_LANE)
    except (UpstreamError, Parked) as error:
        log.info("TMDB's key is not tried again yet: %s", error)
        return False
    finally:
        client.close()
    return True
