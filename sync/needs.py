"""What titles need a person for: the key, the first titles, choices, what was given up."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from django.urls import reverse

from popflix.console.home.backlog_needs import MOST, many, why_mostly
from popflix.console.home.needs import Need, of_letters, of_unit
from popflix.console.pieces.tones import State, Tone
from popflix.engine.deadletters.letters import Reason
from popflix.engine.models import Pause
from popflix.lib.tally import tally
from sync.links import campaign, import_wish
from sync.links.models import GIVEN_UP_KINDS, Enrichment, FailureKind, Title
from sync.tmdb import key
from sync.tmdb.client import key_variable

_NO_KEY = State("No key", Tone.BAD)
_REFUSED = State("Key refused", Tone.BAD)
_FIRST_STEP = State("First step", Tone.INFO)
_CHOICE = State("Choice", Tone.HOLD)
_DEAD_LETTERS = State("Dead letters", Tone.BAD)
_MAY_VIEW_RUNS, _MAY_VIEW_LINKS = "engine.view_run", "sync.view_medialinks"


def sync_needs(now: dt.datetime) -> list[Need]:
    return [*_key(), *_first_titles(), *_choices(), *_given_up()]


def _key() -> Iterator[Need]:
    """Instead of what the engine tells of the unit that stopped for it. Never shows the key."""
    missing = key.why_no_key()
    if missing is not None:
        yield _of_key(_NO_KEY, missing.cause.rstrip("."), missing.cure)
        return
    held = Pause.objects.filter(unit=campaign.UNIT, condition=key.CONDITION).first()
    if held is not None:
        text = f"TMDB refuses the key in {key_variable()}"
        yield _of_key(_REFUSED, text, key.still_refused(held.memory).cure)


def _of_key(state: State, text: str, why: str) -> Need:
    return Need(
        state,
        text,
        why,
        reverse("console_unit", args=[campaign.UNIT]),
        "See the unit",
        rank=2,
        permission=_MAY_VIEW_RUNS,
        about=of_unit(campaign.UNIT),
        detail=1,
    )


def _first_titles() -> Iterator[Need]:
    if not Title.objects.exists():
        yield Need(
            _FIRST_STEP,
            "No titles are loaded yet",
            "`manage.py import_imdb title.basics.tsv.gz` loads IMDb's list; "
            "`manage.py sync_tmdb` then asks TMDB about each title.",
            reverse("console_unit", args=[import_wish.UNIT]),
            "See the import",
            rank=4,
            permission=_MAY_VIEW_RUNS,
        )


# --- titles that wait for a person: instead of the engine's words about their dead letters ------

# By the index of dead letters alone: no row is read for being counted.
_LETTERS = Enrichment.objects.filter(given_up_at__isnull=False).order_by()
_OTHER_KINDS = [kind for kind in GIVEN_UP_KINDS if kind != FailureKind.AMBIGUOUS]


def _choices() -> Iterator[Need]:
    rows = _LETTERS.filter(failure_kind=FailureKind.AMBIGUOUS).values("failure_kind")
    found = rows[: MOST + 1].count()
    if found:
        yield Need(
            _CHOICE,
            f"{many(found)} {_titles(found)}: several records fit",
            "Choose one of TMDB's records in its media links; the choice is kept.",
            f"{reverse('admin:sync_medialinks_changelist')}?kind={FailureKind.AMBIGUOUS}",
            "Choose",
            rank=24,
            permission=_MAY_VIEW_LINKS,
            about=of_letters(campaign.LETTERS),
            detail=1,
        )


def _given_up() -> Iterator[Need]:
    others = _LETTERS.filter(failure_kind__in=_OTHER_KINDS)
    counted = tally(others[: MOST + 1], "failure_kind", "error_group")
    reasons = Counter({Reason(campaign.UNIT, *words): count for words, count in counted.items()})
    if reasons:
        count = reasons.total()
        yield Need(
            _DEAD_LETTERS,
            f"{many(count)} {_titles(count)} without an answer, given up",
            why_mostly(reasons),
            f"{reverse('console_letters')}?source={campaign.LETTERS}",
            "Look",
            rank=22,
            permission=_MAY_VIEW_RUNS,
            about=of_letters(campaign.LETTERS),
            detail=1,
        )


def _titles(count: int) -> str:
    return "title" if count == 1 else "titles"
