"""The words, permissions and badges of these pages."""

from __future__ import annotations

from popflix.console import menu
from popflix.console.pieces import vocabulary
from popflix.console.pieces.tones import State, Tone
from sync.availability.finding import NOT_CHECKED
from sync.availability.models import Answer, Outcome, ProviderKind

AVAILABILITY = menu.section("Availability", 40)
VIEW, VIEW_PROVIDER = "sync.view_availability", "sync.view_provider"
RECHECK = "sync.recheck_availability"
SEARCH_HELP = "TMDB's number (603), an IMDb id (tt0133093), or the address of its page on IMDb."
CREDITED = ProviderKind.TMDB  # what TMDB tells of watch providers is JustWatch's
vocabulary.register(
    "availability",
    {
        Answer.AVAILABLE.value: State("Available", Tone.OK),
        Answer.UNAVAILABLE.value: State("Unavailable", Tone.BAD),
        Outcome.UNKNOWN.value: State("Unknown", Tone.WAIT),
        NOT_CHECKED: State("Not checked", Tone.QUIET),
    },
)
vocabulary.register(
    "controls",
    {
        "agree": State("Agree", Tone.OK),
        "disagree": State("Disagree", Tone.BAD),
        "unasked": State("Could not be asked", Tone.WAIT),
        "never": State("Never asked", Tone.QUIET),
    },
)
