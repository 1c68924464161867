"""From an answer to what goes on the wire: its head, its delay, how its connection ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from popflix.sandbox import answers
from popflix.sandbox.answers import Answer
from popflix.sandbox.wire import Request, response

_ALLOWED = 40  # the limit that TMDB's own message names
_FAULTY = {
    "429": answers.too_many(_ALLOWED + 1, _ALLOWED),
    "500": answers.INTERNAL_ERROR,
    "502": answers.BAD_GATEWAY,
    "503": answers.OFFLINE,
    "504": answers.TIMED_OUT,
    "notjson": answers.NOT_JSON,
}


class Ending(Enum):
    KEEP = "keep the connection"
    CLOSE = "close it after the last byte"
    RESET = "reset it, sending nothing"


@dataclass(frozen=True, slots=True)
class Reply:
    """`payload` is the whole response, head included; `delay` seconds from the request."""

    payload: bytes
    delay: float = 0.0
    ending: Ending = Ending.KEEP


@dataclass(frozen=True, slots=True)
class Manners:
    """How the sandbox behaves. Delays in seconds; each 429 bears `retry_after` unless empty."""

    latency: float = 0.0
    slow: float = 3.0
    retry_after: str = ""
    hard_limit: int = 0  # requests per sliding second; 0 for none


def reply_with(
    request: Request, answer: Answer, manners: Manners, latency: float, **headers: str
) -> Reply:
    close = request.headers.close
    if answer.status == 405:
        headers["Allow"] = "GET"
    if answer.status == 429 and manners.retry_after:
        headers["Retry_After"] = manners.retry_after
    payload = response(answer, close=close, **headers)
    if request.method == "HEAD":
        payload = payload[: len(payload) - len(answer.body)]
    return Reply(payload, latency, Ending.CLOSE if close else Ending.KEEP)


def spoilt(
    request: Request, answer: Answer, fault: str, manners: Manners, latency: float
) -> tuple[str, Reply]:
    """What comes instead of `answer`: the status as the counts call it, and the reply."""
    given = _FAULTY.get(fault, answer)
    status = "reset" if fault == "reset" else str(given.status)
    reply = reply_with(request, given, manners, latency)
    if fault == "slow":
        return status, replace(reply, delay=reply.delay + manners.slow)
    if fault == "reset":
        return status, replace(reply, payload=b"", ending=Ending.RESET)
    return status, cut(reply, given) if fault == "truncated" else reply


def cut(reply: Reply, answer: Answer) -> Reply:
    """Half of the body that its head promises, and then the end of the connection."""
    missing = len(answer.body) // 2 + 1
    return replace(reply, payload=reply.payload[:-missing], ending=Ending.CLOSE)
