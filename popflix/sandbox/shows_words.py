"""What the invented cinema programme is put together from, with the oddities of a real feed."""

from __future__ import annotations

CINEMA_NAMES = (
    "Lumière Riverside", "Lumiere Old Mill", "Palace Arvendal", "Gallery Nine, Belmarra",
    "Corvino Street", "The Dunhollow", "Eskerby Arcade", "Fjellvik Square", "Halmstrand Quay",
    "Jarrowmere Mall", "Kestrel Bay", "Nivelle Garden",
)  # fmt: skip
# Each cinema writes its screens in a way of its own; the fifth one is a slip that stayed.
SCREENS = (
    "AUDI {}", "AUDI {:02}", "Audi {}", "SCREEN {}", "AUID {}", "Screen{:02}", "AUDI{}", "Hall {}",
)  # fmt: skip
# (what follows the title, format)
VERSIONS = (
    (" (HINDI)", "2D"), ("", "2D"), (" (3D-4DX)(HINDI)", "3D 4DX"), (" (English)", "2D"),
    (" WITH ENG SUB", "2D ENG SUB"), (" (TELUGU)", "2D"), (" (IMAX)", "IMAX"),
    ("(HINDI)", "ATMOS"),
)  # fmt: skip
RATINGS = ("U/A 13+", "A", "U", "U/A 16+", "U/A", "U/A 7+")
GENRES = ("Drama", "Action", "Comedy", "Thriller", "Animation")
