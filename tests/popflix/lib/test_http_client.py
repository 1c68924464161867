"""The client against a real server on loopback, fault by fault."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.errors import ConfigurationError
from popflix.lib.http import (
    BadPayload,
    HttpClient,
    NotFound,
    RateLimited,
    Refused,
    Rejected,
    Unavailable,
    UpstreamError,
)
from popflix.lib.http.wire import environment_proxies
from popflix.lib.limiter import Parked, build_limiter
from tests.popflix.lib import httpserver
from tests.popflix.lib.httpserver import Server, answer, raw

KEY = "0f3d9c7ae1b2445566778899aabbccdd"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.cGxhbnRlZA.c2lnbmF0dXJl"


@pytest.fixture
def server() -> Iterator[Server]:
    with httpserver.running() as made:
        yield made


@pytest.fixture
def client(server: Server) -> Iterator[HttpClient]:
    made = make_client(server.url)
    yield made
    made.close()


def make_client(base_url: str, **changes: Any) -> HttpClient:
    options: dict[str, Any] = {
        "upstream": "tmdb",
        "base_url": base_url,
        "headers": {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"},
        "params": {"api_key": KEY},
        "connect_seconds": 1.0,
        "read_seconds": 0.3,
        "deadline_seconds": 0.5,
        "max_bytes": 100_000,
        "limiter": build_limiter("tmdb", 10_000, backend="memory"),
        "clock": SYSTEM_CLOCK,
    }
    return HttpClient(**{**options, **changes})


def fault_of(client: HttpClient) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        client.get("/movie/tt0000001")
    return caught.value


def test_a_request_carries_path_parameters_headers_and_key(
    server: Server, client: HttpClient
) -> None:
    got = client.get("/movie/tt 1", {"language": "de,en"}, lane=0)
    assert (got.status, got.body) == (200, b'{"ok":true}')
    head = server.requests[0]
    assert head.startswith(f"GET /3/movie/tt%201?language=de%2Cen&api_key={KEY} HTTP/1.1")
    assert f"Authorization: Bearer {TOKEN}" in head
    assert "Accept-Encoding: gzip" in head


def test_a_part_that_the_caller_encoded_is_not_encoded_again(
    server: Server, client: HttpClient
) -> None:
    client.get("/find/tt%2F1 ü")
    assert server.requests[0].startswith("GET /3/find/tt%2F1%20%C3%BC?")


def test_a_client_without_parameters_sends_no_question_mark(server: Server) -> None:
    client = make_client(server.url, params={})
    client.get("/configuration")
    assert server.requests[0].startswith("GET /3/configuration HTTP/1.1")
    client.close()


def test_the_connection_is_kept_alive(server: Server, client: HttpClient) -> None:
    server.will(answer(status="404 Not Found"), answer())
    assert isinstance(fault_of(client), NotFound)
    for _ in range(3):
        client.get("/movie/1")
    assert server.connections == 1
    assert client.sent == 4


def test_each_thread_has_a_connection_of_its_own(server: Server, client: HttpClient) -> None:
    together = threading.Barrier(3)

    def work() -> None:
        together.wait()
        client.get("/movie/1")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    together.wait()
    for thread in threads:
        thread.join()
    client.get("/movie/1")
    assert server.connections == 3
    assert client.sent == 3


def test_a_closed_client_opens_new_connections(server: Server, client: HttpClient) -> None:
    client.get("/movie/1")
    client.close()
    client.get("/movie/1")
    assert server.connections == 2
    assert client.sent == 2


def test_header_names_are_lower_case(server: Server, client: HttpClient) -> None:
    server.will(answer(headers="X-Thing: a\r\nETag: W/b\r\n"))
    headers = client.get("/movie/1").headers
    assert (headers["x-thing"], headers["etag"]) == ("a", "W/b")


def test_a_gzip_body_is_unpacked(server: Server, client: HttpClient) -> None:
    server.will(answer(gzip.compress(b'{"a": 1}'), headers="Content-Encoding: gzip\r\n"))
    assert client.get("/movie/1").body == b'{"a": 1}'


def test_a_chunked_body_is_joined(server: Server, client: HttpClient) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.will(raw(head + b'4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n', close=False))
    assert client.get("/movie/1").body == b'{"a":1}'


CUT_GZIP = gzip.compress(b'{"a": "' + bytes(range(65, 91)) * 50 + b'"}')[:-9]
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("play", "words"),
    [
        pytest.param(httpserver.silence, "sent nothing for 0.3 s", id="silence"),
        pytest.param(httpserver.reset, "Connection reset by peer", id="reset"),
        pytest.param(raw(b""), "broke the connection", id="closed without an answer"),
        pytest.param(raw(b"SSH-2.0-OpenSSH\r\n"), "broke the connection", id="another protocol"),
        pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Le"), "no whole JSON", id="cut head"),
        pytest.param(httpserver.drip, "not done after 0.5 s", id="byte by byte"),
        pytest.param(
            raw(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"a":1}'), "cut body", id="cut body"
        ),
        pytest.param(raw(CHUNKED + b'4\r\n{"a"\r\n'), "cut body", id="cut between chunks"),
        pytest.param(raw(CHUNKED + b'9\r\n{"a"'), "cut body", id="cut within a chunk"),
        pytest.param(
            answer(CUT_GZIP, headers="Content-Encoding: gzip\r\n"), "cut gzip", id="cut gzip"
        ),
        pytest.param(
            answer(b"{not gzip}", headers="Content-Encoding: gzip\r\n"), "damaged", id="bad gzip"
        ),
        pytest.param(
            answer(b"{}", headers="Content-Encoding: br\r\n"), "encoding", id="other encoding"
        ),
        pytest.param(answer(b"<html>down</html>"), "no whole JSON", id="a page"),
        pytest.param(answer(b""), "no whole JSON", id="an empty body"),
        pytest.param(answer(b"<h1>bad", "502 Bad Gateway"), "answered 502", id="502"),
        pytest.param(answer(b"{}", "503 Busy"), "answered 503", id="503"),
    ],
)
def test_a_fault_is_unavailable_and_the_next_request_works(
    server: Server, client: HttpClient, play: httpserver.Play, words: str
) -> None:
    server.will(play, answer())
    fault = fault_of(client)
    assert isinstance(fault, Unavailable)
    assert fault.retryable
    assert words in fault.message
    assert client.get("/movie/1").status == 200


def test_a_server_that_is_down_is_unavailable() -> None:
    with httpserver.running() as gone:
        url = gone.url
    client = make_client(url)
    fault = fault_of(client)
    assert isinstance(fault, Unavailable)
    assert fault.message == "tmdb broke the connection (Connection refused)"
    client.close()


def test_a_server_that_takes_no_connection_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as held:
        for _ in range(3):  # fill the queue of connections that nobody accepts
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        port = full.getsockname()[1]
        client = make_client(f"http://127.0.0.1:{port}/3", connect_seconds=0.2)
        assert fault_of(client).message == "tmdb took no connection within 0.2 s"
        client.close()


def test_a_length_that_is_no_number_is_no_crash(server: Server, client: HttpClient) -> None:
    server.will(raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"))
    assert client.get("/movie/1").body == b"{}"


def test_tls_towards_a_plain_server_is_unavailable(server: Server) -> None:
    server.will(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    client = make_client(server.url.replace("http:", "https:"))
    assert fault_of(client).message == "tmdb failed the TLS handshake"
    client.close()


@pytest.mark.parametrize("headers", ["", "Content-Encoding: gzip\r\n"])
def test_a_body_above_the_cap_is_not_taken_in(
    server: Server, client: HttpClient, headers: str
) -> None:
    body = b"{" + b" " * 100_000 + b"}"
    server.will(answer(gzip.compress(body) if headers else body, headers=headers))
    fault = fault_of(client)
    assert isinstance(fault, BadPayload)
    assert fault.field == "body"
    assert "more than 100000 bytes" in fault.message


def test_a_body_of_unknown_length_is_cut_at_the_cap(server: Server, client: HttpClient) -> None:
    server.will(raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000))
    assert isinstance(fault_of(client), BadPayload)


def test_any_body_may_be_allowed(server: Server) -> None:
    server.will(answer(b"<html></html>"))
    client = make_client(server.url, expect_json=False)
    assert client.get("/page").body == b"<html></html>"
    client.close()


@pytest.mark.parametrize(
    ("status", "kind"),
    [("401 Unauthorized", Refused), ("404 Not Found", NotFound), ("422 No", Rejected)],
)
def test_the_status_counts_even_when_its_body_is_cut(
    server: Server, client: HttpClient, status: str, kind: type[UpstreamError]
) -> None:
    server.will(raw(f"HTTP/1.1 {status}\r\nContent-Length: 500\r\n\r\n{{".encode()), answer())
    assert type(fault_of(client)) is kind
    assert client.get("/movie/1").status == 200


def test_a_redirect_is_not_followed(server: Server, client: HttpClient) -> None:
    server.will(answer(b"", "302 Found", f"Location: {server.url}/elsewhere\r\n"))
    assert isinstance(fault_of(client), Rejected)
    assert len(server.requests) == 1


def test_a_429_makes_everybody_wait_and_halves_the_rate(server: Server) -> None:
    limiter = build_limiter("tmdb", 38, backend="memory")
    client = make_client(server.url, limiter=limiter)
    server.will(answer(b"{}", "429 Slow down", "Retry-After: 120\r\n"))
    fault = fault_of(client)
    assert isinstance(fault, RateLimited)
    assert fault.retry_after == 120
    assert fault.wait_seconds == pytest.approx(120, abs=1)
    state = limiter.state()
    assert state.rate == 19
    assert state.reason == "tmdb answered 429, Retry-After 120 s"
    with pytest.raises(Parked, match="Retry-After 120 s"):
        client.get("/movie/2")
    assert len(server.requests) == 1
    client.close()


def test_a_429_without_retry_after_backs_off(server: Server) -> None:
    limiter = build_limiter("tmdb", 38, backend="memory")
    client = make_client(server.url, limiter=limiter)
    server.will(answer(b"{}", "429 Slow down"))
    fault = fault_of(client)
    assert isinstance(fault, RateLimited)
    assert fault.retry_after is None
    assert limiter.state().reason == "tmdb answered 429"
    client.close()


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found"])
def test_an_answer_lets_a_cut_rate_creep_back(server: Server, status: str) -> None:
    limiter = build_limiter("tmdb", 1000, backend="memory")
    client = make_client(server.url, limiter=limiter)
    server.will(answer(b"{}", "429 Slow down", "Retry-After: 0\r\n"), answer(b"{}", status))
    fault_of(client)
    if status == "200 OK":
        client.get("/movie/1")
    else:
        fault_of(client)
    assert 500 < limiter.state().rate < 1000
    client.close()


@pytest.mark.parametrize(
    "url", ["", "api.example.org/3", "ftp://api.example.org", "https://", "http://host:port/3"]
)
def test_a_wrong_base_url_is_named_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base URL of tmdb"):
        make_client(url)


@pytest.mark.parametrize("value", ["Bearer geheim\nwert-mit-umbruch", "Bearer schlüssel-wert"])
def test_a_token_that_http_cannot_carry_is_refused_without_showing_it(
    server: Server, value: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make_client(server.url, headers={"Authorization": value})
    assert "Authorization header" in caught.value.cause
    assert value[7:] not in str(caught.value)


def test_proxies_come_from_the_environment_once_and_never_for_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert environment_proxies("https://api.example.org/3")["https"] == "http://proxy.example:3128"
    assert environment_proxies("http://127.0.0.1:8000/3") == {}


def test_a_request_through_a_proxy_names_the_whole_address(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.port}")
    client = make_client("http://api.example.org/3")
    assert client.get("/movie/1").status == 200
    assert server.requests[0].startswith("GET http://api.example.org/3/movie/1?api_key=")
    client.close()


def test_a_proxy_that_is_down_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with httpserver.running() as gone:
        port = gone.port
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    client = make_client("http://api.example.org/3")
    assert fault_of(client).message == "tmdb cannot be reached through the proxy"
    client.close()
