"""Each piece as a template renders it: roles, words for who does not see, and nothing hostile."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.template import Context, Template

from popflix.console.pieces import tones, vocabulary
from popflix.console.pieces.render import Entry
from popflix.console.pieces.tones import ICONS, State, Tone
from popflix.engine.states import Kind, Status, UnitStatus
from sync.links.models import ProcessedStatus

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def rendered(tag: str, **context: Any) -> str:
    return Template("{% load pieces %}" + tag).render(Context(context))


# --- badge ----------------------------------------------------------------------------------


def test_a_badge_says_its_word_and_has_a_tone_and_an_icon() -> None:
    html = rendered("{% badge 'run' 'completed' %}")
    assert 'class="badge ok"' in html
    assert "Completed" in html
    assert f'd="{ICONS[Tone.OK]}"' in html
    assert 'aria-hidden="true"' in html


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("run", Status),
        ("unit", UnitStatus),
        ("event", Kind),
        ("media link", ProcessedStatus),
    ],
)
def test_every_stored_word_has_a_tone_of_its_own(group: str, words: Any) -> None:
    assert set(vocabulary.groups()[group]) == {str(word) for word in words}


def test_what_failed_and_what_went_well_never_look_the_same() -> None:
    tone = {word: vocabulary.state("run", word).tone for word in Status}
    assert {tone[Status.ERROR], tone[Status.LOST]} == {Tone.BAD}
    assert tone[Status.COMPLETED] == Tone.OK
    assert len(set(ICONS.values())) == len(Tone)


def test_an_unknown_word_is_shown_as_it_is_and_quietly() -> None:
    assert vocabulary.state("run", "mended") == State("mended", Tone.QUIET)
    assert vocabulary.state("nonsense", "x").tone == Tone.QUIET
    assert tones.unknown("").label == "–"


def test_a_badge_may_say_its_word_in_other_words() -> None:
    assert "Given up" in rendered("{% badge 'run' 'lost' 'Given up' %}")
    assert 'class="badge hold"' in rendered("{% toned 'Held' 'hold' %}")


# --- moment ---------------------------------------------------------------------------------


def test_a_moment_keeps_the_exact_time_and_its_zone_behind_the_words() -> None:
    html = rendered("{% moment at now %}", at=NOW - dt.timedelta(hours=3), now=NOW)
    assert 'datetime="2026-03-01T09:00:00+00:00"' in html
    assert 'title="2026-03-01 09:00:00 UTC"' in html
    assert ">3 h ago</time>" in html


def test_a_moment_without_a_now_is_told_from_the_clock() -> None:
    assert "just now" in rendered("{% moment at %}", at=dt.datetime.now(dt.UTC))


def test_no_moment_is_told_to_eyes_and_ears() -> None:
    html = rendered("{% moment None %}")
    assert "–" in html
    assert '<span class="visually-hidden">none</span>' in html


# --- progress -------------------------------------------------------------------------------


def test_progress_is_a_progressbar_with_a_label_and_words() -> None:
    html = rendered("{% progress 30 120 'titles' label='Enrichment' %}")
    assert 'role="progressbar" aria-label="Enrichment"' in html
    assert 'aria-valuenow="25.0"' in html
    assert 'aria-valuetext="30 of 120 titles"' in html
    assert '<rect width="25.0"' in html


def test_progress_without_a_total_claims_no_share() -> None:
    html = rendered("{% progress 1204 None 'titles' %}")
    assert "aria-valuenow" not in html
    assert "1,204 titles, total unknown" in html
    assert "unknown moving" in html
    assert "moving" not in rendered("{% progress 1204 None moving=False %}")


def test_of_nothing_all_is_done() -> None:
    html = rendered("{% progress 0 0 'titles' %}")
    assert "Nothing to do" in html
    assert 'aria-valuenow="100.0"' in html


# --- card, empty state, problem -------------------------------------------------------------


def test_a_card_is_a_section_with_a_heading_around_its_content() -> None:
    html = rendered("{% card 'Runs' '4' %}<p>{{ text }}</p>{% endcard %}", text="<b>")
    assert "<h2><bdi>Runs</bdi>" in html
    assert "<p>&lt;b&gt;</p>" in html


def test_an_empty_state_says_what_to_do_next() -> None:
    html = rendered("{% empty_state 'No run.' 'Start one.' '/x/' 'Start' %}")
    assert "No run." in html
    assert "Start one." in html
    assert '<a class="button" href="/x/">Start</a>' in html
    assert "<a" not in rendered("{% empty_state 'No run.' 'Start one.' %}")


def test_a_problem_tells_cause_and_cure() -> None:
    html = rendered("{% problem 'TMDB refused the key.' 'Set another one.' '/p/' 'Pause' %}")
    assert 'role="group" aria-label="Problem"' in html
    assert "TMDB refused the key." in html
    assert "Set another one." in html
    assert "<details>" not in html


@pytest.mark.parametrize("cause", ["first line\nTraceback", "x" * 500])
def test_a_long_cause_is_cut_and_kept_behind(cause: str) -> None:
    html = rendered("{% problem cause 'Wait.' %}", cause=cause)
    assert " …</bdi>" in html
    assert f'<pre dir="auto">{cause}</pre>' in html


def test_commands_in_backticks_become_code_and_nothing_else_does() -> None:
    html = rendered("{% problem '`a`' cure %}", cure="Run `manage.py <b>`, or `wait")
    assert "Run <code>manage.py &lt;b&gt;</code>, or `wait" in html
    assert "<bdi>`a`</bdi>" in html
    assert "<code>x</code>" in rendered("{% empty_state 'No.' 'Run `x`.' %}")


def test_a_long_cause_is_cut_between_words() -> None:
    assert "word …" in rendered("{% problem cause '' %}", cause="word " * 99)


def test_a_cause_that_says_nothing_fails_no_page() -> None:
    assert "Wait." in rendered("{% problem '' 'Wait.' %}")


# --- before and after, timeline -------------------------------------------------------------


def test_only_the_words_that_differ_are_marked() -> None:
    html = rendered("{% before_after rows %}", rows=[("Show", "Wed 18:30", "Wed 18:45")])
    assert "Wed 18:<del>30</del>" in html
    assert "Wed 18:<ins>45</ins>" in html
    assert '<th scope="row">Show</th>' in html


def test_what_was_not_there_is_told_in_words() -> None:
    html = rendered("{% before_after rows 'Stored' 'TMDB' %}", rows=[("Poster", None, "a")])
    assert '<span class="visually-hidden">none</span>' in html
    assert '<th scope="col">TMDB</th>' in html


def test_a_timeline_is_a_list_of_moments_badges_and_words() -> None:
    entry = Entry(NOW, vocabulary.state("event", "error"), "It broke", "code=7", "/run/")
    html = rendered("{% timeline entries now %}", entries=[entry], now=NOW)
    assert '<ol class="timeline">' in html
    assert '<li class="bad">' in html
    assert '<a href="/run/">It broke</a>' in html
    assert "code=7" in html
    assert "just now" in html


# --- charts ---------------------------------------------------------------------------------


def test_a_sparkline_has_a_title_a_description_and_a_table() -> None:
    html = rendered("{% sparkline 'Rate' points '/s' 38 %}", points=[("1", 20.0), ("2", 37.6)])
    assert 'role="img"><title>Rate</title><desc>1: 20, 2: 37.6, lowest 20' in html
    assert '<path class="limit"' in html
    assert '<tr><th scope="row">2</th><td>37.6</td></tr>' in html
    assert "<b>37.6 /s</b>" in html


def test_bars_tell_what_failed_in_words_too() -> None:
    html = rendered("{% bars 'Settled' columns %}", columns=[("1 Mar", 90, 10), ("2 Mar", 5, 0)])
    assert "<title>1 Mar: 90, 10 failed</title>" in html
    assert '<tr><th scope="row">1 Mar</th><td>90</td><td>10</td></tr>' in html
    assert html.count('class="bad"') == 1
    assert "<b>105</b>" in html


@pytest.mark.parametrize("tag", ["{% sparkline 'Rate' none %}", "{% bars 'Settled' none %}"])
def test_a_chart_without_figures_says_so(tag: str) -> None:
    html = rendered(tag, none=[])
    assert "There is no figure yet." in html
    assert "<svg" not in html


# --- hostile text ---------------------------------------------------------------------------

ENTRY = Entry(NOW, State(HOSTILE, Tone.BAD), HOSTILE, HOSTILE, HOSTILE)


@pytest.mark.parametrize(
    "tag",
    [
        "{% badge 'run' x %}",
        "{% badge 'run' 'lost' x %}",
        "{% toned x 'bad' %}",
        "{% progress 1 2 x label=x %}",
        "{% card x x %}{{ x }}{% endcard %}",
        "{% empty_state x x x x %}",
        "{% problem x x x x %}",
        "{% problem long x %}",
        "{% before_after changes x x %}",
        "{% timeline entries %}",
        "{% sparkline x points x %}",
        "{% bars x columns x %}",
    ],
)
def test_hostile_text_stays_text(tag: str) -> None:
    html = rendered(
        tag, x=HOSTILE, long=HOSTILE * 20, changes=[(HOSTILE, HOSTILE, HOSTILE[::-1])],
        entries=[ENTRY], points=[(HOSTILE, 1.0)], columns=[(HOSTILE, 1, 1)],
    )  # fmt: skip
    assert "&lt;" in html
    assert "<script" not in html
    assert "<img" not in html
    assert "\"'>" not in html
