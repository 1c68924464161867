"""Home: cards of the registered panels, each asked for again by itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from popflix.console.home import needs, panels
from popflix.console.home.needs import Need
from popflix.console.home.panels import Panel, Place
from popflix.console.pieces.tones import State, Tone
from tests.popflix.console.shown import page

pytestmark = pytest.mark.django_db
HOME = "/admin/"
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/admin/"}


@pytest.fixture
def panel() -> Iterator[Panel]:
    """A panel that somebody's app registers; it is shown by the template of the needs."""
    made = Panel(
        "weather", "The weather", "console/home/needs.html",
        lambda request, now: {"needs": [Need(State("Hot", Tone.WAIT), "It is hot", "", "", "")]},
        permission="engine.view_event",
    )  # fmt: skip
    yield panels.register(made)
    panels.forget("weather")


def replaced(panel: Panel, **values: Any) -> None:
    panels.forget(panel.name)
    panels.register(dataclasses.replace(panel, **values))


def inside(client: Client, name: str, **headers: str) -> Any:
    return client.get(reverse("console_panel", args=[name]), headers=headers)


def member(*codenames: str) -> Client:
    user = User.objects.create_user("vi", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


# --- the page ---------------------------------------------------------------------------------


def test_a_registered_panel_is_a_card_that_asks_for_its_inside_again(
    operator: Client, panel: Panel
) -> None:
    text = page(operator, HOME)
    assert "The weather" in text
    assert "It is hot" in text
    assert f'hx-get="{reverse("console_panel", args=["weather"])}"' in text
    assert 'hx-trigger="every 3s, look"' in text


def test_a_panel_that_never_changes_asks_for_nothing(operator: Client, panel: Panel) -> None:
    replaced(panel, every_seconds=0)
    text = page(operator, HOME)
    assert "It is hot" in text
    assert reverse("console_panel", args=["weather"]) not in text


def test_cards_stand_at_their_place_and_by_their_rank(operator: Client, panel: Panel) -> None:
    replaced(panel, place=Place.SIDE, rank=1)
    text = page(operator, HOME)
    assert (
        text.index('class="place side"') < text.index("The weather") < text.index(">Events</h2>")
    )
    replaced(panel, place=Place.FOOT, rank=99)
    text = page(operator, HOME)
    assert (
        text.index('class="place foot"') < text.index("Runs over 14") < text.index("The weather")
    )


def test_the_console_tells_of_needs_units_events_and_runs(operator: Client) -> None:
    text = page(operator, HOME)
    for title in ("Needs you", "Units", "Events", "Runs over 14 days"):
        assert f">{title}</h2>" in text
    assert text.count("<h1") == 1


def test_who_may_not_see_a_panel_is_not_told_of_it(panel: Panel) -> None:
    text = page(member(), HOME)
    assert "The weather" not in text
    assert ">Units</h2>" not in text


def test_a_panel_that_fails_says_so_and_hides_no_other(operator: Client, panel: Panel) -> None:
    def broken(request: object, now: object) -> dict[str, object]:
        raise ValueError("secret=17")

    replaced(panel, data=broken)
    text = page(operator, HOME)
    assert "The weather cannot be shown (ValueError)" in text
    assert "secret=17" not in text
    assert ">Units</h2>" in text


def test_a_name_of_a_panel_is_taken_once(panel: Panel) -> None:
    with pytest.raises(ValueError, match="registered twice"):
        panels.register(panel)


# --- one inside -------------------------------------------------------------------------------


def test_what_is_asked_for_is_the_inside_alone(operator: Client, panel: Panel) -> None:
    answer = inside(operator, "weather", **HTMX)
    assert "It is hot" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert "<h2" not in answer.content.decode()


def test_when_the_session_has_ended_the_page_is_loaded_again_and_leads_to_the_login(
    operator: Client, panel: Panel
) -> None:
    operator.logout()
    answer = inside(operator, "weather", **HTMX)
    assert answer.headers["HX-Refresh"] == "true"
    assert answer.content == b""
    assert "/admin/login/" in operator.get(HOME).headers["Location"]


@pytest.mark.parametrize("name", ["weather", "unknown"])
def test_when_a_panel_is_gone_for_this_account_the_page_is_loaded_again(
    panel: Panel, name: str
) -> None:
    client = member()
    assert inside(client, name, **HTMX).headers["HX-Refresh"] == "true"
    assert inside(client, name).status_code == 404


def test_a_stranger_without_htmx_is_sent_to_the_login(panel: Panel) -> None:
    assert "/admin/login/" in inside(Client(), "weather").headers["Location"]


def test_a_panel_is_only_looked_at(operator: Client, panel: Panel) -> None:
    assert operator.post(reverse("console_panel", args=["weather"])).status_code == 405


# --- needs ------------------------------------------------------------------------------------


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> list[Need]:
    """The only source of needs there is."""
    told: list[Need] = []
    monkeypatch.setattr(needs, "_sources", {})
    needs.register("test", lambda now: told)
    return told


def need(text: str, **more: Any) -> Need:
    return Need(State("Failed", Tone.BAD), text, "It is <so>.", "/admin/there/", "Mend", **more)


def test_where_nobody_has_a_need_the_card_says_so(operator: Client, source: list[Need]) -> None:
    assert "Nothing needs you" in page(operator, HOME)


def test_a_need_says_what_why_and_one_next_step(operator: Client, source: list[Need]) -> None:
    source.append(need("27 titles failed"))
    text = inside(operator, "needs").content.decode()
    assert "27 titles failed" in text
    assert "It is &lt;so&gt;." in text
    assert 'href="/admin/there/" aria-label="Mend: 27 titles failed"' in text


def test_the_most_urgent_need_stands_first_and_its_step_alone_is_filled(
    operator: Client, source: list[Need]
) -> None:
    source += [need("Can wait", rank=60), need("At once", rank=1)]
    text = inside(operator, "needs").content.decode()
    assert text.index("At once") < text.index("Can wait")
    assert text.count('class="button quiet-button"') == 1
    assert text.index('class="button"') < text.index('class="button quiet-button"')


def test_a_need_is_told_to_who_may_look_at_it(source: list[Need]) -> None:
    source += [need("For all"), need("Runs fail", permission="engine.view_run")]
    text = inside(member(), "needs").content.decode()
    assert "For all" in text
    assert "Runs fail" not in text


def test_a_source_that_fails_is_told_and_hides_no_other(
    operator: Client, source: list[Need]
) -> None:
    def broken(now: object) -> list[Need]:
        raise RuntimeError("odd")

    needs.register("broken", broken)
    source.append(need("27 titles failed"))
    text = inside(operator, "needs").content.decode()
    assert "broken cannot be asked" in text
    assert "27 titles failed" in text
