"""`make screenshots`: the pictures of docs/screens, of a site with invented titles.

Each page in light, the telling ones also in dark and at 390 px. One device pixel per CSS pixel,
256 colours and nothing below the fold, so that a picture stays small. With names as arguments
(`make screenshots ARGS="home unit"`) only these pages are taken.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tests.browser.chromium import launched
from tests.browser.palette import small_png
from tests.browser.served import NAME, PASSWORD, TITLES, Served, served_site
from tests.browser.visitor import DESKTOP, PHONE, Visitor
from tests.services.servers import Missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "screens"
MOST_BYTES = 100_000
ENRICHMENT = "sync-media-links"
Theme = Literal["light", "dark"]
Lead = Callable[[Visitor, Served], object]


@dataclass(frozen=True)
class Shot:
    """`lead` brings the window, which shows home, to what is taken."""

    name: str
    lead: Lead
    in_dark: bool = True
    on_a_phone: bool = True


def main(names: Sequence[str]) -> int:
    wanted = [shot for shot in SHOTS if not names or shot.name in names]
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        with (
            launched() as browser,
            tempfile.TemporaryDirectory() as folder,
            served_site(Path(folder)) as served,
        ):
            _take(browser, served, wanted, "light", DESKTOP)
            _take(browser, served, wanted, "dark", DESKTOP)
            _take(browser, served, wanted, "light", PHONE)
    except Missing as missing:
        sys.stderr.write(f"Error: {missing}\n")
        return 1
    return _judged()


def _take(
    browser: Browser, served: Served, shots: Sequence[Shot], theme: Theme, size: tuple[int, int]
) -> None:
    ending = "-phone" if size == PHONE else "-dark" if theme == "dark" else ""
    with (
        browser.new_page() as empty,
        Visitor.arriving(browser, served, scheme=theme, size=size) as visitor,
    ):
        visitor.log_in(NAME, PASSWORD)
        for shot in shots:
            if {"": True, "-dark": shot.in_dark, "-phone": shot.on_a_phone}[ending]:
                visitor.go_home()
                shot.lead(visitor, served)
                picture = small_png(visitor.page.screenshot(), empty.evaluate)
                (FOLDER / f"{shot.name}{ending}.png").write_bytes(picture)
                sys.stdout.write(f"{shot.name}{ending}\n")


def _judged() -> int:
    """Too large pictures make the repository slow to clone."""
    large = [each.name for each in FOLDER.glob("*.png") if each.stat().st_size > MOST_BYTES]
    for name in large:
        sys.stderr.write(f"Error: {name} is larger than {MOST_BYTES:,} bytes.\n")
    return 1 if large else 0


def _page(path: str) -> Lead:
    return lambda visitor, _: visitor.open(path)


def _link(selector: str, path: str) -> Lead:
    """The first link of a page."""

    def follow(visitor: Visitor, _: Served) -> None:
        visitor.open(path)
        visitor.page.locator(selector).first.click()
        visitor.page.wait_for_load_state()

    return follow


def _with_letters(path: str) -> Lead:
    """A page on which eight titles have been given up."""

    def lead(visitor: Visitor, served: Served) -> None:
        served.make_letters(8)
        visitor.open(path)

    return lead


def _running(visitor: Visitor, served: Served) -> None:
    """A run that is at work, from its page."""
    served.make_pending(TITLES)
    visitor.page.get_by_role("button", name=f"Run now: {ENRICHMENT}").click()
    visitor.page.locator(f"#run-of-{ENRICHMENT}").click()
    visitor.page.locator("#run-now").get_by_text("Running").wait_for()
    visitor.page.wait_for_timeout(1000)


def _of_newest_set(page: str) -> Lead:
    """A page of the newest change set, some of which is held."""

    def lead(visitor: Visitor, served: Served) -> None:
        [(number,)] = served.site.sql("SELECT max(id) FROM reconcile_changeset")
        visitor.open(f"/admin/reconcile/changeset/{number}/{page}/")

    return lead


def _reasons(visitor: Visitor, served: Served) -> None:
    """Why a movie holds what it holds."""
    _link(_FIRST_ROW, "/admin/sync/movie/?without=poster")(visitor, served)
    visitor.page.locator("#reasons").evaluate("heading => heading.scrollIntoView()")


_FIRST_ROW = "#result_list tbody th a"
SHOTS = (
    Shot("home", _with_letters("/admin/")),
    Shot("media-links", _page("/admin/sync/medialinks/")),
    Shot("title", _link(_FIRST_ROW, "/admin/sync/medialinks/?processed_status__exact=FAILED")),
    Shot("run", _running),
    Shot("run-failed", _link(_FIRST_ROW, "/admin/engine/run/?status__exact=error"), False, False),
    Shot("unit", _page(f"/admin/console/units/{ENRICHMENT}/"), on_a_phone=False),
    Shot("dead-letters", _with_letters("/admin/console/dead-letters/"), False),
    Shot("pieces", _page("/admin/console/pieces/")),
    Shot("review", _of_newest_set("review")),
    Shot("movies", _page("/admin/sync/movie/?media_type=movie"), on_a_phone=False, in_dark=False),
    Shot("movie", _reasons),
    Shot("certificate", _link(_FIRST_ROW, "/admin/sync/certificate/"), False, False),
    Shot("availability", _page("/admin/sync/availability/matrix/")),
    Shot("change-set", _of_newest_set("change"), in_dark=False, on_a_phone=False),
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
