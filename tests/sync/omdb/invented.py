"""Bodies of OMDb's true shape with invented contents."""

from __future__ import annotations

from typing import Any

NOT_FOUND = {"Response": "False", "Error": "Movie not found!"}
LIMIT = {"Response": "False", "Error": "Request limit reached!"}
INVALID_KEY = {"Response": "False", "Error": "Invalid API key!"}
RATINGS = [
    {"Source": "Internet Movie Database", "Value": "8.0/10"},
    {"Source": "Rotten Tomatoes", "Value": "91%"},
    {"Source": "Metacritic", "Value": "69/100"},
]


def title(tconst: str = "tt99000001", **facts: Any) -> dict[str, Any]:
    return {
        "Title": "The Glass Harbour",
        "Year": "2019",
        "Runtime": "101 min",
        "Ratings": RATINGS,
        "Metascore": "69",
        "imdbRating": "8.0",
        "imdbVotes": "1,234,567",
        "imdbID": tconst,
        "Type": "movie",
        "DVD": "N/A",
        "Response": "True",
        **facts,
    }
