"""Say in a few words why an exchange failed, without the URL that the library's text carries."""

from __future__ import annotations

import http.client

import requests
import urllib3

from popflix.lib.http.wire import Cut, Limits

_LONGEST_CHAIN = 10


def describe(error: Exception, limits: Limits) -> str:
    if isinstance(error, Cut):
        return str(error)
    if isinstance(error, requests.ConnectTimeout):
        return f"took no connection within {limits.connect_seconds:g} s"
    if isinstance(error, requests.ReadTimeout | urllib3.exceptions.ReadTimeoutError):
        return f"sent nothing for {limits.read_seconds:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return "failed the TLS handshake"
    if isinstance(error, requests.exceptions.ProxyError):
        return "cannot be reached through the proxy"
    chain = _chain(error)
    if any(isinstance(each, http.client.IncompleteRead) for each in chain):
        return "sent a cut body"
    # The operating system's words, `Connection refused`, say more than the library's.
    words = next((e.strerror for e in chain if isinstance(e, OSError) and e.strerror), "")
    return f"broke the connection ({words})" if words else "broke the connection"


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while len(chain) < _LONGEST_CHAIN:
        found = chain[-1]
        inner = [*found.args, getattr(found, "reason", None), found.__cause__, found.__context__]
        following = [each for each in inner if isinstance(each, BaseException)]
        if not following:
            break
        chain.append(following[0])
    return chain
