"""The sandbox without its sockets: a request comes in, a reply with its delay goes out.

Order of judgement: the sandbox's own pages; then TMDB's: counted, over the hard limit 429, other
methods than GET 405, without a key 401, a fault if the plan says so, else the true answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from popflix.sandbox import answers, movies_export, posters, shows_feed
from popflix.sandbox.answers import Answer, Source, encode
from popflix.sandbox.counting import Counts
from popflix.sandbox.faults import FAULTS, FaultPlan
from popflix.sandbox.keys import Keys
from popflix.sandbox.movies_api import MovieApi, Setting
from popflix.sandbox.provider import Provider
from popflix.sandbox.provider_spoilt import Given
from popflix.sandbox.provider_truth import Truth
from popflix.sandbox.replies import Manners, Reply, cut, reply_with, spoilt
from popflix.sandbox.shows import Programme
from popflix.sandbox.shows_feed import ShowFeed
from popflix.sandbox.wire import Request, response

OWN_PREFIX = b"/__sandbox__/"
_TSV = "text/tab-separated-values; charset=utf-8"
_MOST_ROUTES = 20_000  # some 60 MB of answers made ready


@dataclass(frozen=True, slots=True)
class _Route:
    path: str
    api_key: str
    answer: Answer
    payload: bytes


class Desk:
    """Answers requests from `source`; `log` gets a line for each, without its query."""

    def __init__(
        self,
        source: Source,
        *,
        keys: Keys,
        faults: FaultPlan,
        manners: Manners,
        shows: ShowFeed | None = None,
        movies: MovieApi | None = None,
        provider: Provider | None = None,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self.counts = Counts()
        self._source = source
        self._keys = keys
        self._faults = faults
        self._manners = manners
        self._shows = shows or ShowFeed(Programme())
        self._movies = movies or MovieApi(Setting())
        self._provider = provider or Provider(Truth(self._movies.films))
        self._log = log
        self._routes: dict[bytes, _Route] = {}

    def receive(self, request: Request, now: float) -> Reply:
        """Judge one request that arrived at `now`, in seconds of the monotonic clock."""
        if request.target.startswith(OWN_PREFIX):
            return self._reply(request, self._own_page(request), latency=0)
        if request.target.startswith(posters.PREFIX):  # another host's at TMDB: no key, no faults
            is_read = request.method in ("GET", "HEAD")
            picture = posters.poster(request.target) if is_read else answers.WRONG_METHOD
            return self._reply(request, picture, latency=0)
        if request.target.partition(b"?")[0] == shows_feed.PATH:  # a cinema's: no key either
            return self._feed(request)
        if request.target.startswith(movies_export.PREFIX):  # another host's again: no key
            return self._export(request)
        provided = self._provider.answer(request.method, request.target.decode("latin-1"))
        if provided:  # no key, and none of TMDB's counts
            return self._provide(request, provided, now)
        route = self._routes.get(request.target) or self._find_route(request.target)
        in_the_last_second = self.counts.arrived(now, route.answer.tconst)
        refusal = self._refusal(request, route, in_the_last_second)
        if refusal:
            self._note(request, route, str(refusal.status), None)
            return self._reply(request, refusal)
        fault = self._faults.next(route.path)
        if fault:
            return self._spoil(request, route, fault)
        self._note(request, route, str(route.answer.status), route.answer.tconst)
        if request.headers.close:
            return self._reply(request, route.answer)
        return Reply(route.payload, self._manners.latency)

    def _find_route(self, target: bytes) -> _Route:
        path, _, query = target.decode("latin-1").partition("?")
        params = dict(parse_qsl(query, keep_blank_values=True))
        path = unquote(path)
        answer = self._movies.answer(path, params) or self._source.answer(path, params)
        route = _Route(_shown(path), params.get("api_key", ""), answer, response(answer))
        if not answer.keep:
            return route
        if len(self._routes) >= _MOST_ROUTES:
            self._routes.clear()
        self._routes[target] = route
        return route

    def _refusal(self, request: Request, route: _Route, in_the_last_second: int) -> Answer | None:
        limit = self._manners.hard_limit
        if limit and in_the_last_second > limit:
            return answers.too_many(in_the_last_second, limit)
        if request.method != "GET":
            return answers.WRONG_METHOD
        if not self._keys.admit(request.headers.authorization, route.api_key):
            return answers.INVALID_KEY
        return None

    def _spoil(self, request: Request, route: _Route, fault: str) -> Reply:
        latency = self._manners.latency
        status, reply = spoilt(request, route.answer, fault, self._manners, latency)
        self._note(request, route, status, route.answer.tconst if fault == "slow" else None, fault)
        return reply

    def _reply(
        self, request: Request, answer: Answer, latency: float | None = None, **headers: str
    ) -> Reply:
        delay = self._manners.latency if latency is None else latency
        return reply_with(request, answer, self._manners, delay, **headers)

    def _feed(self, request: Request) -> Reply:
        """The feed of shows; it is none of TMDB's and not among the counts."""
        if request.method not in ("GET", "HEAD"):
            return self._reply(request, answers.WRONG_METHOD, latency=0)
        given = self._shows.answer(request.target, gzipped=request.headers.gzip)
        if self._log:
            self._log(f"{request.method} {shows_feed.PATH.decode()} {given.answer.status}")
        headers = {"Content_Encoding": "gzip"} if given.is_gzip else {}
        reply = self._reply(request, given.answer, latency=0, **headers)
        return cut(reply, given.answer) if given.is_cut else reply

    def _export(self, request: Request) -> Reply:
        """A file of ids: it goes wrong like TMDB's answers, but falls under no limit of theirs."""
        if request.method not in ("GET", "HEAD"):
            return self._reply(request, answers.WRONG_METHOD)
        path = request.target.partition(b"?")[0].decode("latin-1")
        answer = self._movies.export(path)
        if answer.tconst:
            self.counts.fetched(answer.tconst)
        route = _Route(_shown(path), "", answer, b"")
        fault = self._faults.next(path)
        if fault:
            return self._spoil(request, route, fault)
        self._note(request, route, str(answer.status), answer.tconst)
        return self._reply(request, answer)

    def _provide(self, request: Request, given: Given, now: float) -> Reply:
        """A provider's answer, counted by its mirror; a fault is done to it here."""
        latency = self._provider.latency
        status = str(given.answer.status)
        if given.spoilt in FAULTS:
            status, reply = spoilt(request, given.answer, given.spoilt, self._manners, latency)
        else:
            reply = self._reply(request, given.answer, latency, **given.headers)
        self._provider.note(given, status, now, reply.delay)
        if self._log:
            self._log(f"{request.method} /{_shown(given.place)} {status} {given.spoilt}".rstrip())
        return reply

    def _note(
        self, request: Request, route: _Route, status: str, tconst: str | None, fault: str = ""
    ) -> None:
        self.counts.answered(status, tconst, fault)
        if self._log:
            self._log(f"{request.method} {route.path} {status} {fault}".rstrip())

    def _own_page(self, request: Request) -> Answer:
        """The sandbox's own pages: what was asked, and what is right."""
        name, _, query = request.target.removeprefix(OWN_PREFIX).partition(b"?")
        if name == b"movies":
            return self._movies_page(request.method, query.decode("latin-1"))
        if name in (b"provider", b"provider/truth"):
            return self._provider.own_page(request.method, name.decode(), query.decode("latin-1"))
        if name not in (b"report", b"expected", b"title.basics.tsv", b"reset", b"shows"):
            return answers.NOT_FOUND
        if request.method != ("POST" if name in (b"reset", b"shows") else "GET"):
            return answers.WRONG_METHOD
        if name == b"shows":
            return self._shows.set(request.target)
        if name == b"title.basics.tsv":
            return Answer(200, "".join(self._source.imdb_lines()).encode(), content_type=_TSV)
        if name == b"expected":
            return Answer(200, encode(self._source.expected()))
        if name == b"reset":
            self.counts.reset()
            self._faults.reset()
            self._provider.reset()
        return Answer(200, encode(self.counts.report()))

    def _movies_page(self, method: str, query: str) -> Answer:
        """What is right of the films; by POST, which revision of them is given."""
        if method not in ("GET", "POST"):
            return answers.WRONG_METHOD
        return self._movies.expected(query) if method == "GET" else self._movies.set(query)


def _shown(path: str) -> str:
    """The path as logs may show it: no control characters, nothing of an escaped query."""
    return json.dumps(path.partition("?")[0])[1:-1]
