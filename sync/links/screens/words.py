"""The words and badges of these pages."""

from __future__ import annotations

from popflix.console import menu
from popflix.console.pieces import vocabulary
from popflix.console.pieces.tones import State, Tone
from sync.links.models import FailureKind, ProcessedStatus

TITLES = menu.section("Titles", 20)
RETRY, START, EDIT = "sync.retry_medialinks", "engine.run_unit", "sync.change_medialinks"
SEARCH_HELP = (
    "How a title begins, an IMDb id or its beginning (tt0111), "
    "or the address of a page of IMDb or TMDB."
)
vocabulary.register(
    "failure", {kind.value: State(str(kind.label), Tone.BAD) for kind in FailureKind}
)
vocabulary.register(
    "media link",
    {
        ProcessedStatus.PENDING.value: State("Pending", Tone.WAIT),
        ProcessedStatus.SUCCESS.value: State("Success", Tone.OK),
        ProcessedStatus.FAILED.value: State("Failed", Tone.BAD),
    },
)
