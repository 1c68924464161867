"""What nobody types and anybody can send: it is answered, and never by a server's error."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from popflix.engine.models import Run
from popflix.lib.models import AuditEntry, QuarantinedRow
from sync.links.models import MediaLinks, Title
from tests.popflix.console.walking import NOW, failed_run

pytestmark = pytest.mark.django_db
RUN_NOW = "/admin/console/units/prune/run/"
HUGE = "9" * 30
ENDLESS = "9" * 5000  # more digits than Python makes a number of


@pytest.mark.parametrize(
    "wanted",
    [
        "elsewhere", "console_units", "1:2", HUGE, "\0", "//evil.example/", "/\\evil.example",
        "https://evil.example/", "javascript:alert(1)", "/" + "x" * 20_000, "http:///evil.example",
    ],
)  # fmt: skip
def test_what_is_no_path_of_this_site_leads_home(operator: Client, wanted: str) -> None:
    answer = operator.post("/admin/console/units/prune/pause/", {"why": "odd", "next": wanted})
    assert (answer.status_code, answer["Location"]) == (302, reverse("admin:index"))


def test_who_was_logged_out_comes_back_to_the_page_of_the_button() -> None:
    answer = Client().post(RUN_NOW, {"next": "/admin/console/units/"}, follow=True)
    assert answer.redirect_chain == [("/admin/login/?next=/admin/console/units/", 302)]
    assert "Nothing was done: log in first" in answer.content.decode()
    assert not Run.objects.exists()
    home = Client().post(RUN_NOW, {"next": "https://evil.example/"})
    assert home["Location"] == "/admin/login/?next=/admin/"


@pytest.mark.parametrize("number", [HUGE, ENDLESS, "²", "٣"])
def test_a_number_that_no_row_has_is_no_row(operator: Client, number: str) -> None:
    sent = {"why": "odd", "field": "x"}
    for name in ("engine_run_change", "lib_quarantinedrow_change", "lib_auditentry_change"):
        path = reverse(f"admin:{name}", args=["1"]).replace("/1/", f"/{number}/")
        assert operator.get(path).status_code == 302
    for path in (
        "lib/quarantinedrow/{}/discard", "lib/quarantinedrow/{}/replay", "engine/run/{}/retry",
        "engine/run/{}/cancel",
    ):  # fmt: skip
        answer = operator.post(f"/admin/{path.format(number)}/", sent)
        assert answer.status_code in (302, 404)
    letter = {"source": "runs", "letter": number}
    assert operator.post(reverse("console_letters_retry"), letter).status_code == 302
    Title.objects.create(tconst="tt0000001", title_type="movie", primary_title="One")
    MediaLinks.objects.create(title_id="tt0000001", last_updated=NOW)
    chosen = reverse("admin:sync_medialinks_choose", args=["tt0000001"])
    assert operator.post(chosen, {"media_type": "tv", "tmdb_id": number}).status_code == 302
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("odd", [{"id__in": HUGE}, {"at": "0001-01-01T00:00:00+14:00"}])
@pytest.mark.parametrize("name", ["changelist", "export"])
def test_a_filter_that_no_database_takes_is_left_out(
    operator: Client, odd: dict[str, str], name: str
) -> None:
    answer = operator.get(reverse(f"admin:lib_auditentry_{name}"), odd, follow=True)
    assert answer.status_code == 200


def test_a_reason_without_an_end_and_with_nul_is_kept_as_far_as_it_goes(operator: Client) -> None:
    sent = {"why": "\0 odd" + "x" * 10_000}
    operator.post("/admin/console/units/prune/pause/", sent)
    assert AuditEntry.objects.get().why == "odd" + "x" * 197


@pytest.mark.parametrize(
    "typed",
    ['x="\\ud800"', "x=" + "9" * 4000, "x=" + "[" * 900 + "]" * 900, 'x="2026-99-99T99:99Z"'],
    ids=["half a letter", "a long number", "nested", "no instant"],
)
def test_odd_parameters_are_refused_or_shown(operator: Client, typed: str) -> None:
    answer = operator.post(RUN_NOW, {"params": typed}, follow=True)
    assert answer.status_code == 200
    for run in Run.objects.all():
        entry = AuditEntry.objects.get()
        for name, key in (("engine_run", run.pk), ("lib_auditentry", entry.pk)):
            assert operator.get(reverse(f"admin:{name}_change", args=[key])).status_code == 200


def test_a_page_that_answers_a_form_offers_buttons_that_lead_to_one_that_can_be_looked_at(
    operator: Client,
) -> None:
    row = QuarantinedRow.objects.create(
        source="title.basics.tsv", line=1, reason="odd", raw="odd", at=NOW, reader="title.basics"
    )
    own = reverse("admin:lib_quarantinedrow_change", args=[row.pk])
    replay = reverse("admin:lib_quarantinedrow_replay", args=[row.pk])
    text = operator.post(replay, {"field": "odd", "next": own}).content.decode()
    assert "Nothing was written." in text
    assert f'name="next" value="{own}"' in text
    assert f'name="next" value="{replay}"' not in text


def test_every_action_may_be_sent_twice(operator: Client) -> None:
    """A double click: what was done once is not done again, and that is told."""
    run = failed_run()
    own = reverse("admin:engine_run_change", args=[run.pk])
    twice = [
        (reverse("admin:engine_run_retry", args=[run.pk]), {"why": "x", "next": own}),
        (reverse("console_unit_pause", args=["prune"]), {"why": "x"}),
        (reverse("console_unit_resume", args=["prune"]), {"why": "x"}),
    ]
    for path, sent in twice:
        before = AuditEntry.objects.count()
        for _ in range(2):
            assert operator.post(path, sent).status_code == 302
        assert AuditEntry.objects.count() == before + 1, path


def test_the_first_button_of_a_lists_form_is_that_of_its_actions(operator: Client) -> None:
    """Enter in the field for the reason presses it, and no Retry of a row."""
    failed_run()
    text = operator.get(reverse("admin:engine_run_changelist")).content.decode()
    form = text[text.index('id="changelist-form"') :]
    first = form[form.index('type="submit"') :]
    assert first.startswith('type="submit" class="button" title="Run the selected action"')
    assert form.index('name="why"') < form.index('type="submit"') < form.index("formaction=")
