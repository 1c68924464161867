"""The words that invented titles, people and studios are put together from."""

from __future__ import annotations

ADJECTIVES = (
    "Amber", "Borrowed", "Crooked", "Distant", "Electric", "Forgotten", "Gentle", "Hollow",
    "Invisible", "Jagged", "Kindled", "Lonesome", "Marble", "Northern", "Ordinary", "Patient",
    "Quiet", "Restless", "Salted", "Tangled", "Unfinished", "Velvet", "Winter", "Yellow",
)  # fmt: skip
NOUNS = (
    "Lighthouse", "Orchard", "Clockmaker", "Ferry", "Harbour", "Cartographer", "Sparrow",
    "Piano", "Avalanche", "Beekeeper", "Carousel", "Detour", "Elevator", "Fountain", "Garden",
    "Horizon", "Island", "Juggler", "Kiosk", "Lantern", "Meridian", "Notebook", "Observatory",
    "Postman", "Quarry", "River", "Staircase", "Telegram", "Umbrella", "Vineyard", "Windmill",
)  # fmt: skip
PLACES = (
    "Arvendal", "Belmarra", "Corvino", "Dunhollow", "Eskerby", "Fjellvik", "Grauwald",
    "Halmstrand", "Ilmora", "Jarrowmere", "Kestrel Bay", "Lindoso", "Morrowgate", "Nivelle",
)  # fmt: skip
# (language, country, title in its own script, English title)
FOREIGN = (
    ("ja", "JP", "静かな灯台の夜", "Night of the Quiet Lighthouse"),
    ("ja", "JP", "時計職人と雀", "The Clockmaker and the Sparrow"),
    ("zh", "CN", "北方的果园", "The Northern Orchard"),
    ("zh", "CN", "被遗忘的渡轮", "The Forgotten Ferry"),
    ("ko", "KR", "겨울 정원의 편지", "Letter from the Winter Garden"),
    ("ko", "KR", "느린 강", "Slow River"),
    ("fr", "FR", "L'été à Nivelle", "Summer in Nivelle"),
    ("fr", "FR", "Où dorment les phares ?", "Where Lighthouses Sleep"),
    ("de", "DE", "Die müde Windmühle", "The Tired Windmill"),
    ("pl", "PL", "Żółty parasol", "The Yellow Umbrella"),
    ("ru", "RU", "Тихая пристань", "The Quiet Landing"),
    ("ar", "EG", "حديقة الشتاء", "Winter Garden"),
)
LANGUAGE_NAMES = {
    "en": ("English", "English"), "ja": ("Japanese", "日本語"), "zh": ("Mandarin", "普通话"),
    "ko": ("Korean", "한국어"), "fr": ("French", "Français"), "de": ("German", "Deutsch"),
    "pl": ("Polish", "Polski"), "ru": ("Russian", "Русский"), "ar": ("Arabic", "العربية"),
}  # fmt: skip
COUNTRY_NAMES = {
    "US": "United States of America", "JP": "Japan", "CN": "China", "KR": "South Korea",
    "FR": "France", "DE": "Germany", "PL": "Poland", "RU": "Russia", "EG": "Egypt",
}  # fmt: skip
FIRST_NAMES = ("Ada", "Bruno", "Celia", "Dario", "Edda", "Fenn", "Greta", "Hugo", "Ines", "Jonas")
LAST_NAMES = ("Arkwright", "Bellweather", "Castellan", "Dorrance", "Everling", "Farrow", "Gantry")
STUDIOS = ("Tin Whistle Pictures", "Lowtide Films", "Paper Moon Yard", "Third Ferry Studio")

# TMDB's genre ids with its names; the same words are IMDb's
MOVIE_GENRES = (
    (28, "Action"), (12, "Adventure"), (16, "Animation"), (35, "Comedy"), (80, "Crime"),
    (99, "Documentary"), (18, "Drama"), (10751, "Family"), (14, "Fantasy"), (27, "Horror"),
    (9648, "Mystery"), (10749, "Romance"), (53, "Thriller"),
)  # fmt: skip
TV_GENRES = (
    (16, "Animation"), (35, "Comedy"), (80, "Crime"), (99, "Documentary"), (18, "Drama"),
    (10751, "Family"), (9648, "Mystery"),
)  # fmt: skip

# (weight, title); the odd ones are those that break readers of files, pages and spreadsheets
PATTERNS = (
    (30, "The {adjective} {noun}"),
    (20, "{noun} of {place}"),
    (15, "One {adjective} {noun}"),
    (5, '"{adjective} {noun}"'),
    (4, '"{noun}" in {place}'),
    (3, 'A {noun} Called "{adjective}"'),
    (3, "{place} & {noun}: The <i>{adjective}</i> Years"),
    (2, "+1 {noun}"),
    (3, "The {noun} Doesn't Wait"),
)
