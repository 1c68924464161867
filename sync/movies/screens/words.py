"""The words, permissions and badges of these pages."""

from __future__ import annotations

from popflix.console import menu
from popflix.console.pieces import vocabulary
from popflix.console.pieces.tones import State, Tone
from popflix.lib.field_locks import UNTIL_WORDS
from sync.movies.by_hand import MODES
from sync.movies.models import UpstreamState

MOVIES = menu.section("Movies", 30)
VIEW, EDIT, PURGE = "sync.view_movie", "sync.change_movie", "sync.delete_movie"
ADD = "sync.add_movie"
RUN = "engine.run_unit"
SEARCH_HELP = "How a title begins, an IMDb id (tt0133093), or TMDB's number (603)."
EXCLUDED = "excluded"
UNTIL = [(str(mode), UNTIL_WORDS[mode]) for mode in MODES]
vocabulary.register(
    "movie",
    {
        UpstreamState.LIVE.value: State("On TMDB", Tone.OK),
        UpstreamState.GONE.value: State("Gone from TMDB", Tone.BAD),
        UpstreamState.MERGED.value: State("Merged", Tone.QUIET),
        EXCLUDED: State("Excluded", Tone.HOLD),
    },
)
