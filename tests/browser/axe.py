"""axe-core on the page that is open: what is serious or critical."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

_GRAVE = ("serious", "critical")
_RUN = """([context, options]) =>
  axe.run(context || document, options).then(told => told.violations)"""


def grave_faults(page: Page, *rules: str, rows: int = 0) -> list[str]:
    """A line for each place that breaks a rule; of the named rules only, where any is named.

    `rows` is how many of each table are looked at, 0 for all: contrast is what axe takes longest
    for, and a list's rows are made alike.
    """
    from axe_playwright_python.base import AXE_SCRIPT

    page.evaluate(f"window.axe || void (() => {{ {AXE_SCRIPT} }})()")
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    context = {"exclude": [[f"tbody tr:nth-child(n+{rows + 1})"]]} if rows else None
    told = page.evaluate(_RUN, [context, options])
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]} — {_reason(node)}"
        for each in told
        if each["impact"] in _GRAVE
        for node in each["nodes"]
    ]


def _reason(node: dict[str, Any]) -> str:
    checks = node["any"] + node["all"] + node["none"]
    return "; ".join(check["message"] for check in checks)
