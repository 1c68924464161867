"""The sandbox draws posters where TMDB's image host has its own."""

from __future__ import annotations

import urllib.error
import urllib.request
from xml.etree import ElementTree

import pytest

from popflix.sandbox import running
from popflix.sandbox.posters import poster


def test_a_poster_is_the_same_in_every_size_and_another_for_another_film() -> None:
    small, large = poster(b"/t/p/w92/abc.jpg"), poster(b"/t/p/w500/abc.jpg?x=1")
    assert small == large != poster(b"/t/p/w92/abd.jpg")
    assert small.content_type == "image/svg+xml"
    assert ElementTree.fromstring(small.body).tag.endswith("svg")


@pytest.mark.parametrize(
    "target", [b"/t/p/", b"/t/p/w92/", b"/t/p/w92/../x.jpg", b"/t/p/big/x.jpg"], ids=repr
)
def test_what_is_no_poster_is_not_found(target: bytes) -> None:
    assert poster(target).status == 404


def test_posters_need_no_key_meet_no_fault_and_are_not_counted() -> None:
    with running(titles=10, api_key="right", faults={"500": 1.0}) as sandbox:
        address = f"{sandbox.url.removesuffix('/3')}/t/p/w92/abc.jpg"
        with urllib.request.urlopen(address) as answer:
            assert answer.read().startswith(b"<svg")
        assert sandbox.report()["requests"] == 0
        with pytest.raises(urllib.error.HTTPError, match="405"):
            urllib.request.urlopen(urllib.request.Request(address, method="DELETE"))
