"""Invented posters, where TMDB has its images: one drawing per file, the same each time."""

from __future__ import annotations

import re
import zlib

from popflix.sandbox.answers import NOT_FOUND, Answer

PREFIX = b"/t/p/"
_PATH = re.compile(rb"/t/p/(?:w\d+|original)(/[\w.-]+)")
_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 300">
<rect width="200" height="300" fill="hsl({hue} 38% 30%)"/>
<circle cx="{x}" cy="{y}" r="{r}" fill="hsl({other} 62% 62%)"/>
<path d="M0 {low}L70 {high}L120 {low}L160 {high}L200 {low}V300H0z" fill="hsl({hue} 42% 18%)"/>
<path d="M24 268h{width}M24 280h{half}" stroke="#fff" stroke-width="5" opacity=".75"/>
</svg>"""


def poster(target: bytes) -> Answer:
    """The picture at an address below PREFIX; SVG, which a browser shows at any size."""
    found = _PATH.fullmatch(target.partition(b"?")[0])
    if found is None:
        return NOT_FOUND
    number = zlib.crc32(found[1])
    drawn = _SVG.format(
        hue=number % 360,
        other=(number + 150) % 360,
        x=50 + number // 7 % 100,
        y=70 + number // 11 % 60,
        r=26 + number // 13 % 34,
        low=210 + number // 17 % 30,
        high=150 + number // 19 % 40,
        width=90 + number // 23 % 60,
        half=40 + number // 29 % 50,
    )
    return Answer(200, drawn.encode(), content_type="image/svg+xml")
