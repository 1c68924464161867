"""The words and badges of these pages."""

from __future__ import annotations

from popflix.console import menu
from popflix.console.pieces import vocabulary
from popflix.console.pieces.tones import State, Tone
from reconcile.feed.models import LoadState

SHOWS = menu.section("Shows", 50)
LOAD = "load of a feed"  # a group of words
NOTHING = "–"

vocabulary.register(
    LOAD,
    {
        LoadState.LOADING.value: State("Loading", Tone.INFO),
        LoadState.LOADED.value: State("Loaded", Tone.OK),
        LoadState.HELD.value: State("Held", Tone.HOLD),
        LoadState.FAILED.value: State("Failed", Tone.BAD),
    },
)
