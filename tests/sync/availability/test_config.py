"""POPFLIX_PROVIDERS: what it may say, and how a mistake in it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.checks import run_checks

from popflix.lib import redact
from popflix.lib.env import Env
from popflix.lib.errors import ConfigurationError, OperatorError
from sync.availability import providers
from sync.availability.checks import check_providers
from sync.availability.config import parse_providers, secrets_of
from sync.availability.types import Controls, Kind, ProviderConfig
from tests.sync.availability.configs import LIST, TMDB, URL, config

KEY = "a51c7f209e4bd3886f"
ADDRESS = f"https://player.example/embed/{{tmdb_id}}?key={KEY}&lang=english"


@pytest.fixture(autouse=True)
def secrets_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "_known", ())


def mistake(entries: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        parse_providers(entries)
    assert caught.value.cure
    return caught.value


def wrong(entry: dict[str, Any], **changes: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        config(entry, **changes)
    assert caught.value.cure
    return caught.value.cause


def test_tmdb_alone_is_asked_where_nothing_is_set() -> None:
    assert providers.configured() == (
        ProviderConfig("tmdb", Kind.TMDB, regions=("US",), media_types=("movie", "tv")),
    )


def test_an_entry_of_addresses_is_read_whole() -> None:
    read = config(
        {**URL, "hosts": ["Player.example", "cdn.example"], "statuses": [200, 206]},
        mirrors=["https://m1.example/", "http://m2.example:8080/a"],
        confirm_hours=1.5, rate_per_second=0.5, concurrency=12,
    )  # fmt: skip
    assert read == ProviderConfig(
        name="player",
        kind=Kind.URL,
        template="https://player.example/embed/movie/{tmdb_id}",
        body_contains=("data-player",),
        hosts=("player.example", "cdn.example"),
        statuses=(200, 206),
        method="GET",
        mirrors=("https://m1.example", "http://m2.example:8080/a"),
        controls=Controls((11, 12), (21,)),
        confirm_hours=1.5,
        rate_per_second=0.5,
        concurrency=12,
    )
    assert (read.unit, read.bucket) == ("check-availability-player", "provider:player")


def test_what_is_left_out_has_a_cautious_default() -> None:
    read = config(URL, body_contains=None, hosts=["player.example"])
    assert (read.method, read.statuses) == ("HEAD", (200,))
    assert (read.confirm_hours, read.rate_per_second, read.concurrency) == (6, 2, 4)
    assert read.media_types == ("movie",)


@pytest.mark.parametrize(
    ("mirrors", "hosts"),
    [(None, ("player.example",)), (["https://m1.example/a", "https://m2.example"],
                                   ("m1.example", "m2.example"))],
    ids=["template", "mirrors"],
)  # fmt: skip
def test_the_hosts_are_those_that_are_asked_where_none_is_named(
    mirrors: list[str] | None, hosts: tuple[str, ...]
) -> None:
    assert config(URL, mirrors=mirrors).hosts == hosts


@pytest.mark.parametrize(
    ("template", "media_types"),
    [("https://p.example/{tmdb_id}", ("movie",)),
     ("https://p.example/tv/{imdb_id}/{season}-{episode}", ("tv",)),
     ("https://p.example/tv/{tmdb_id}/{season}", ("tv",))],
)  # fmt: skip
def test_a_template_with_seasons_is_of_series(template: str, media_types: tuple[str, ...]) -> None:
    assert config(URL, template=template).media_types == media_types
    assert config(URL, template=template, media_types=["tv"]).media_types == ("tv",)


def test_a_single_text_is_a_list_of_one() -> None:
    assert config(URL, body_contains="data-player").body_contains == ("data-player",)


def test_regions_are_capital_letters_each_once() -> None:
    assert config(TMDB, regions=["us", "GB", "US", "XK"]).regions == ("US", "GB", "XK")


@pytest.mark.parametrize("template", ["/lists/a b.json", "lists/page-{page}.json",
                                      "https://p.example/list.json?page={page}"])  # fmt: skip
def test_a_list_lies_in_files_or_behind_an_address(template: str) -> None:
    read = config(LIST, template=template)
    assert (read.template, read.method) == (template, "GET")


@pytest.mark.parametrize(
    ("entry", "changes", "words"),
    [
        (TMDB, {"name": None}, "Entry 1 of POPFLIX_PROVIDERS: name is missing."),
        (TMDB, {"name": "Tmdb"}, "Entry 1 of POPFLIX_PROVIDERS: name is no name of that form."),
        (TMDB, {"name": "a" * 31}, "name is no name"),
        (TMDB, {"name": 5}, "name is no text"),
        (TMDB, {"kind": None}, "Entry 1 (tmdb) of POPFLIX_PROVIDERS: kind is missing."),
        (TMDB, {"kind": "rss"}, "kind is none of the three"),
        (TMDB, {"template": "https://x.example/"}, "template is unknown there"),
        (TMDB, {"rate_per_second": 3}, "rate_per_second is unknown there"),
        (TMDB, {"regions": ["UK"]}, "regions has one that is no country: UK"),
        (TMDB, {"regions": "US,DE"}, "regions has one that is no country: US"),
        (TMDB, {"regions": [5]}, "regions is no list of texts"),
        (TMDB, {"media_types": ["film"]}, "media_types has one that is unknown"),
        (TMDB, {"concurrency": 0}, "concurrency is no number from 1 to 64"),
        (TMDB, {"concurrency": 2.5}, "concurrency is no whole number"),
        (TMDB, {"concurrency": True}, "concurrency is no number"),
        (TMDB, {"confirm_hours": -1}, "confirm_hours is no number from 0 to 720"),
        (TMDB, {"confirm_hours": "6"}, "confirm_hours is no number"),
        (TMDB, {"confirm_hours": float("nan")}, "confirm_hours is no number"),
        (URL, {"regions": ["US"]}, "regions is unknown there"),
        (URL, {"tempalte": "x"}, "tempalte is unknown there"),
        (URL, {"template": None}, "template is missing"),
        (URL, {"template": "https://p.example/{tmdb_id}/{year}"}, "placeholder {year}"),
        (URL, {"template": "https://p.example/{tmdb_id.real}"}, "placeholder {tmdb_id.real}"),
        (URL, {"template": "https://p.example/{tmdb_id}/{"}, "a brace without its other half"),
        (URL, {"template": "https://p.example/{}"}, "braces that hold no plain name"),
        (URL, {"template": "https://p.example/{tmdb_id:>9}"}, "braces that hold no plain name"),
        (URL, {"template": "https://p.example/film"}, "template names no title"),
        (URL, {"template": "https://p.example/{tmdb_id}/{episode}"}, "has {episode} alone"),
        (URL, {"template": "https://{tmdb_id}.p.example/"}, "a placeholder in its host"),
        (URL, {"template": "ftp://p.example/{tmdb_id}"}, "no http or https address"),
        (URL, {"template": "p.example/{tmdb_id}"}, "no http or https address"),
        (URL, {"template": "https:///{tmdb_id}"}, "no http or https address"),
        (URL, {"template": "https://p.example:99999/{tmdb_id}"}, "no http or https address"),
        (URL, {"template": "https://me:you@p.example/{tmdb_id}"}, "a name or password"),
        (URL, {"template": "https://p.example/{tmdb_id}#top"}, "has a #"),
        (URL, {"template": "https://p.example/{tmdb_id} x"}, "characters that no address has"),
        (URL, {"template": "https://p.example/ü/{tmdb_id}"}, "characters that no address has"),
        (URL, {"body_contains": None}, "body_contains and hosts are both missing"),
        (URL, {"body_contains": ["ok", " "]}, "body_contains has an empty text"),
        (URL, {"body_contains": ["x"] * 101}, "body_contains has more than 100 values"),
        (URL, {"hosts": ["https://p.example"]}, "hosts has one that is no plain name"),
        (URL, {"hosts": ["p.example:80"]}, "hosts has one that is no plain name"),
        (URL, {"statuses": [99]}, "statuses is no list of whole numbers from 100 to 599"),
        (URL, {"statuses": [200, 600]}, "statuses is no list of whole numbers"),
        (URL, {"statuses": []}, "statuses is empty"),
        (URL, {"statuses": [200, 404]}, "statuses has 404, which never says available"),
        (URL, {"statuses": [302]}, "statuses has 302"),
        (URL, {"statuses": [503]}, "statuses has 503"),
        (URL, {"method": "POST"}, "method is neither GET nor HEAD"),
        (URL, {"method": "HEAD"}, "method is HEAD, which brings no body"),
        (URL, {"mirrors": ["https://m.example/{tmdb_id}"]}, "mirrors has one with a placeholder"),
        (URL, {"mirrors": ["https://m.example/?key=1"]}, "mirrors has one with a placeholder or"),
        (URL, {"mirrors": ["m.example"]}, "mirrors has one that is no http or https address"),
        (URL, {"mirrors": ["https://m.example/" + "x" * 100]}, "one of over 100 characters"),
        (URL, {"mirrors": ["https://m.example", "http://M.example/"]}, "names one twice"),
        (URL, {"controls": None}, "controls is missing"),
        (URL, {"controls": []}, "controls is no JSON object"),
        (URL, {"controls": {"available": [1]}}, "controls.unavailable is empty"),
        (URL, {"controls": {"available": [1], "unavailable": [1]}}, "has 1 that is available"),
        (URL, {"controls": {"available": ["1"], "unavailable": [2]}}, "controls.available is no"),
        (URL, {"controls": {"yes": [1]}}, "controls.yes is unknown there"),
        (URL, {"rate_per_second": 0}, "rate_per_second is no number from 0.01 to 1000"),
        (URL, {"media_types": ["movie", "tv"]}, "media_types has both"),
        (LIST, {"controls": None}, "controls is missing"),
        (LIST, {"template": "/a/{tmdb_id}.json"}, "placeholder {tmdb_id}"),
        (LIST, {"template": "https://p.example/#"}, "has a #"),
        (LIST, {"body_contains": ["x"]}, "body_contains is unknown there"),
    ],
    ids=lambda value: str(value)[-50:] if not isinstance(value, dict) or len(value) < 2 else "",
)  # fmt: skip
def test_a_wrong_entry_is_told_by_number_name_and_field(
    entry: dict[str, Any], changes: dict[str, Any], words: str
) -> None:
    assert words in wrong(entry, **changes)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({}, "POPFLIX_PROVIDERS is not a JSON list."),
        (["tmdb"], "Entry 1 of POPFLIX_PROVIDERS is no JSON object."),
        ([TMDB, URL, TMDB], "Entry 3 (tmdb) of POPFLIX_PROVIDERS: name is another entry's too."),
    ],
    ids=["object", "text", "twice"],
)
def test_a_wrong_list_is_told(entries: Any, words: str) -> None:
    assert mistake(entries).cause == words


@pytest.mark.parametrize(
    ("template", "secrets"),
    [
        (ADDRESS, [KEY]),
        ("https://p.example/{tmdb_id}?api_key=abcdef1&x-token=abcdef2", ["abcdef1", "abcdef2"]),
        ("https://p.example/{tmdb_id}?accessToken=abc%2Bdef", ["abc+def"]),
        ("https://p.example/{tmdb_id}?sig=abcdef&tmdb={tmdb_id}&monkey=banana", ["abcdef"]),
        ("https://p.example/{tmdb_id}?key={imdb_id}", []),
        ("https://p.example/{tmdb_id}", []),
    ],
    ids=str,
)
def test_keys_in_a_query_are_secrets(template: str, secrets: list[str]) -> None:
    assert list(secrets_of(config(URL, template=template))) == secrets


def test_a_configured_key_is_removed_from_every_text(settings: LazySettings) -> None:
    settings.POPFLIX_PROVIDERS = [{**URL, "template": ADDRESS}]
    read = providers.find("player")
    assert KEY in read.template
    assert redact.redact(f"asked {read.template}") == (
        "asked https://player.example/embed/{tmdb_id}?key=[secret]&lang=english"
    )
    assert KEY not in repr(read)


@pytest.mark.parametrize(
    "changes",
    [{"hosts": ["a b"]}, {"controls": None}, {"template": ADDRESS + "#x"},
     {"template": ADDRESS + "{year}"}, {"mirrors": [ADDRESS]}, {"mirrors": [ADDRESS[20:]]},
     {"name": ADDRESS}, {"kind": KEY}, {"method": KEY}],
    ids=str,
)  # fmt: skip
def test_a_mistake_never_shows_the_key(changes: dict[str, Any]) -> None:
    assert KEY not in str(mistake([{**URL, "template": ADDRESS, **changes}]))


def test_a_provider_is_found_by_name(settings: LazySettings) -> None:
    settings.POPFLIX_PROVIDERS = [TMDB, LIST]
    assert providers.find("ids").kind is Kind.LIST
    with pytest.raises(OperatorError, match=r"There is no provider nope\. Known are tmdb, ids\."):
        providers.find("nope")
    settings.POPFLIX_PROVIDERS = []
    with pytest.raises(OperatorError, match="Set POPFLIX_PROVIDERS"):
        providers.find("tmdb")


def test_the_system_check_tells_of_a_mistake(settings: LazySettings) -> None:
    assert check_providers() == []
    settings.POPFLIX_PROVIDERS = [{**URL, "controls": None}]
    [found] = [one for one in run_checks() if one.id == "sync.availability.E001"]
    assert found.msg == "Entry 1 (player) of POPFLIX_PROVIDERS: controls is no JSON object."
    assert found.hint


def test_the_setting_may_be_the_path_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "providers.json"
    path.write_text('[{"name": "tmdb", "kind": "tmdb"}]')
    monkeypatch.setenv("POPFLIX_PROVIDERS", str(path))
    entries = Env(tmp_path / "none").json_list("POPFLIX_PROVIDERS", may_be_path=True)
    assert [one.name for one in parse_providers(entries)] == ["tmdb"]
