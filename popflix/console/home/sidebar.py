"""The sidebar of one account: lists and pages by section, with the present one marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from popflix.console import menu

Link = dict[str, Any]  # as Django's own list of an app's models has it


def sections(
    request: HttpRequest, models: Iterable[Mapping[str, Any]], registry: Mapping[Any, Any]
) -> list[dict[str, Any]]:
    """`models` are those that this account may look at, as Django lists them."""
    found: dict[str, list[Link]] = {}
    for model in models:
        section, link = _of_model(model, registry[model["model"]])
        found.setdefault(section, []).append(link)
    for page in menu.pages():
        if not page.permission or request.user.has_perm(page.permission):
            link = _link(page.label, reverse(page.url_name), page.rank)
            found.setdefault(page.section, []).append(link)
    _mark(request.path, [link for links in found.values() for link in links])
    return [_section(name, found[name]) for name in sorted(found, key=_place)]


def _of_model(model: Mapping[str, Any], page: Any) -> tuple[str, Link]:
    section, rank = getattr(page, "menu", (menu.HOOD, 50))
    label = getattr(page, "menu_label", "") or model["name"]
    return section, {**model, **_link(label, model["admin_url"], rank)}


def _link(label: str, href: str, rank: int) -> Link:
    return {"name": label, "admin_url": href, "rank": rank, "add_url": None, "is_here": False}


def _mark(path: str, links: Iterable[Link]) -> None:
    """A page below several links belongs to the one that says most of its address."""
    above = [link for link in links if path.startswith(link["admin_url"])]
    if above:
        max(above, key=lambda link: len(link["admin_url"]))["is_here"] = True


def _section(name: str, links: list[Link]) -> dict[str, Any]:
    return {
        "name": name,
        "app_label": name.lower().replace(" ", "-"),
        "app_url": reverse("admin:index"),
        "has_module_perms": True,
        "models": sorted(links, key=lambda link: (link["rank"], link["name"])),
    }


def _place(name: str) -> tuple[int, str]:
    return menu.rank_of(name), name
