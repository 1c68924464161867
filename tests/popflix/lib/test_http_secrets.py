"""A planted key and token are in no error, chain, traceback or log line, whatever goes wrong."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Iterator

import pytest
import requests

from popflix.lib.http import HttpClient, UpstreamError
from tests.popflix.lib import httpserver
from tests.popflix.lib.httpserver import Play, Server, answer, raw
from tests.popflix.lib.test_http_client import KEY, TOKEN, make_client

ECHO = (b'{"status_message": "no entry for ' + KEY.encode() + b'"}',)
FAULTS: dict[str, Play] = {
    "reset": httpserver.reset,
    "silence": httpserver.silence,
    "closed": raw(b""),
    "cut": raw(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"a":1}'),
    "garbage": raw(b"\x00\x01\x02\r\n\r\n"),
    "401 that echoes the key": answer(*ECHO, status="401 Unauthorized"),
    "500": answer(b"<h1>", "500 Oops"),
    "redirect": answer(b"", "302 Found", f"Location: /?api_key={KEY}\r\n"),
}


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """What a handler that is not ours sees of every logger at DEBUG."""
    seen = io.StringIO()
    handler = logging.StreamHandler(seen)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    loggers = [logging.getLogger(name) for name in ("", "urllib3", "urllib3.connectionpool")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    yield seen
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def server() -> Iterator[Server]:
    with httpserver.running() as made:
        yield made


@pytest.fixture
def client(server: Server) -> Iterator[HttpClient]:
    made = make_client(server.url)
    yield made
    made.close()


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_carries_the_key_or_its_url(
    server: Server, client: HttpClient, fault: str
) -> None:
    server.will(FAULTS[fault])
    with pytest.raises(UpstreamError) as caught:
        client.get("/movie/tt0000001", {"language": "en"})
    assert list(chain(caught.value)) == [caught.value], "nothing is chained behind it"
    told = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert KEY not in told
    assert TOKEN not in told
    assert "language=en" not in told


@pytest.mark.parametrize("fault", FAULTS)
def test_no_log_line_at_debug_carries_the_key(
    server: Server, client: HttpClient, everything_logged: io.StringIO, fault: str
) -> None:
    server.will(FAULTS[fault])
    with pytest.raises(UpstreamError):
        client.get("/movie/tt0000001")
    logged = everything_logged.getvalue()
    assert "urllib3.connectionpool" in logged
    assert KEY not in logged
    assert TOKEN not in logged


def test_what_requests_itself_raises_and_logs_is_cleaned_too(
    server: Server, client: HttpClient, everything_logged: io.StringIO
) -> None:
    server.will(httpserver.reset)
    try:
        requests.get(f"{server.url}/movie/1?api_key={KEY}", timeout=1)
    except requests.RequestException:
        logging.getLogger("somebody.else").exception("it failed for %s", {"api_key": KEY})
    logged = everything_logged.getvalue()
    assert "it failed for" in logged
    assert "Traceback" in logged
    assert KEY not in logged


def test_our_own_debug_line_names_the_path_without_its_query(
    client: HttpClient, everything_logged: io.StringIO
) -> None:
    client.get("/movie/tt0000001", {"language": "en"})
    logged = everything_logged.getvalue()
    assert "tmdb answered 200 to /movie/tt0000001 in" in logged
    assert "language" not in logged
