"""Every pair of text and ground that the stylesheet makes, in light and in dark."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

TEXT, EDGE = 4.5, 3.0  # WCAG 2.2: text (1.4.3), and what shows a control or the focus (1.4.11)
_GROUNDS = ("surface", "body-bg")
_TEXTS = (
    "body-fg", "body-quiet-color", "body-medium-color", "body-loud-color", "link-fg",
    "link-hover-color", "link-selected-fg", "error-fg", "ok", "wait", "bad", "info", "hold",
)  # fmt: skip
_PAIRS = [
    *((text, ground) for text in _TEXTS for ground in _GROUNDS),
    *((tone, f"{tone}-bg") for tone in ("ok", "wait", "bad", "info", "hold")),
    *((text, ground) for text in ("body-fg", "link-fg") for ground in (
        "selected-row", "selected-bg", "darkened-bg", "message-success-bg", "message-warning-bg",
        "message-error-bg")),
    ("body-quiet-color", "mute-bg"), ("body-quiet-color", "selected-row"),
    ("body-quiet-color", "darkened-bg"), ("body-quiet-color", "selected-bg"),
    ("body-fg", "bad-bg"), ("body-fg", "mute-bg"),
    ("link-selected-fg", "selected-bg"), ("link-hover-color", "selected-bg"),
    *((tone, "selected-row") for tone in ("ok", "wait", "bad")),
    *(("button-fg", f"{kind}button-{state}") for kind in ("", "default-", "close-", "delete-")
      for state in ("bg", "hover-bg")),
    ("primary-fg", "primary"), ("primary-fg", "secondary"),
    ("header-color", "header-bg"), ("header-link-color", "header-bg"),
    ("header-branding-color", "header-bg"), ("accent", "header-bg"),
    ("breadcrumbs-fg", "breadcrumbs-bg"), ("breadcrumbs-link-fg", "breadcrumbs-bg"),
]  # fmt: skip
_EDGES = [
    *((edge, ground) for edge in ("control-edge", "focus") for ground in _GROUNDS),
    ("focus", "mute-bg"), ("focus", "selected-row"), ("bad", "surface"), ("accent", "header-bg"),
]  # fmt: skip


@cache
def stylesheet() -> str:
    found = finders.find("console/popflix.css")
    assert isinstance(found, str)
    return Path(found).read_text()


@cache
def colours(theme: str) -> dict[str, str]:
    """The variables in one theme; `light-dark(a, b)` is how the stylesheet writes a pair."""
    made = {}
    for name, value in re.findall(r"--([\w-]+): ([^;]+);", stylesheet()):
        pair = re.fullmatch(r"light-dark\((#\w{6}), (#\w{6})\)", value)
        if pair:
            made[name] = pair[1 if theme == "light" else 2]
        elif re.fullmatch(r"#\w{6}", value):
            made[name] = value
    return made


def luminance(colour: str) -> float:
    def linear(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_guidelines_do() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), _PAIRS)
def test_text_can_be_read(theme: str, text: str, ground: str) -> None:
    colour = colours(theme)
    assert contrast(colour[text], colour[ground]) >= TEXT


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), _EDGES)
def test_controls_and_focus_can_be_seen(theme: str, edge: str, ground: str) -> None:
    colour = colours(theme)
    assert contrast(colour[edge], colour[ground]) >= EDGE


def test_every_colour_of_the_admin_is_ours() -> None:
    """One that Django adds must not bring its own blue, or a light ground into the dark."""
    admins = finders.find("admin/css/base.css")
    assert isinstance(admins, str)
    head = Path(admins).read_text().partition("html, body")[0]
    theirs = dict(re.findall(r"--([\w-]+):\s*([^;]+);", head))
    plain = {name for name, value in theirs.items() if value.startswith("#")}
    assert plain <= set(colours("dark"))


def test_each_theme_of_the_toggle_picks_its_scheme() -> None:
    css = stylesheet()
    assert 'html[data-theme="light"] { color-scheme: light; }' in css
    assert 'html[data-theme="dark"] { color-scheme: dark; }' in css


def test_the_stylesheet_asks_nobody_for_anything() -> None:
    assert "url(" not in stylesheet()
    assert "@import" not in stylesheet()


def test_every_variable_that_is_used_exists() -> None:
    css = stylesheet()
    made = set(re.findall(r"--([\w-]+):", css))
    assert set(re.findall(r"var\(--([\w-]+)\)", css)) <= made
