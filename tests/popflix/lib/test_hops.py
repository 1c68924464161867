"""Where a redirect may lead."""

from __future__ import annotations

import pytest

from popflix.lib.http.hops import next_hop

HOSTS = ("a.example", "b.example")


@pytest.mark.parametrize(
    ("url", "location", "leads_to"),
    [
        ("http://a.example/x?k=1", "/y", "http://a.example/y"),
        ("http://a.example/x/1", "2", "http://a.example/x/2"),
        ("http://a.example/x", "?page=2", "http://a.example/x?page=2"),
        ("http://a.example/x", "https://B.example:8443/y#top", "https://B.example:8443/y"),
        ("https://a.example/x", "//b.example/y", "https://b.example/y"),
        ("http://a.example/x", "/a b/\xc3\xbc", "http://a.example/a%20b/%C3%BC"),
        ("http://a.example/x", " /y ", "http://a.example/y"),
    ],
    ids=str,
)
def test_a_place_on_an_allowed_host_is_gone_to(url: str, location: str, leads_to: str) -> None:
    assert next_hop(url, location, HOSTS).url == leads_to


@pytest.mark.parametrize(
    ("url", "location", "host"),
    [
        ("http://a.example/x", "http://evil.example/y", "evil.example"),
        ("http://a.example/x", "http://sub.a.example/y", "sub.a.example"),
        ("http://a.example/x", "http://a.example@evil.example/", "evil.example"),
        ("http://a.example/x", "http://me:you@a.example/", "a.example"),
        ("https://a.example/x", "http://a.example/x", "a.example"),
        ("http://a.example/x", "ftp://a.example/x", "a.example"),
        ("http://a.example/x", "file:///etc/passwd", ""),
        ("http://a.example/x", "javascript:alert(1)", ""),
        ("http://a.example/x", "http://a.example:0/", "a.example"),
        ("http://a.example/x", "http://a.example:port/", ""),
        ("http://a.example/x", "http://[broken/", ""),
    ],
    ids=str,
)
def test_any_other_place_is_told_and_not_asked(url: str, location: str, host: str) -> None:
    hop = next_hop(url, location, HOSTS)
    assert (hop.url, hop.host) == ("", host)
