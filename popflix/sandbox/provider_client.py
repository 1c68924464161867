"""The invented provider of a running sandbox, from outside: its addresses, manners and truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from popflix.sandbox.provider_pages import MARK
from popflix.sandbox.provider_truth import AVAILABLE_CONTROLS, UNAVAILABLE_CONTROLS

_IDS_AT_ONCE = 1000  # as many as an address holds with ease
_CONTROLS = {"available": list(AVAILABLE_CONTROLS), "unavailable": list(UNAVAILABLE_CONTROLS)}


def url_entry(root: str, name: str, mirrors: int = 0, **more: Any) -> dict[str, Any]:
    """An entry of POPFLIX_PROVIDERS of kind url; `root` is http://127.0.0.1:PORT."""
    entry: dict[str, Any] = {
        "name": name,
        "kind": "url",
        "template": f"{root}/embed/movie/{{tmdb_id}}",
        "body_contains": MARK,
        "controls": _CONTROLS,
    }
    if mirrors:
        entry["mirrors"] = [f"{root}/m{number + 1}" for number in range(mirrors)]
    return entry | more


class RefusedError(Exception):
    """The provider cannot behave as it was told; the text says why."""


class ProviderClient:
    """`ask` sends a request to the sandbox's own page of that name: ask("GET", "provider")."""

    def __init__(self, root: str, ask: Callable[[str, str], bytes]) -> None:
        self.root = root
        self._ask = ask

    def entry(self, name: str = "invented", *, mirrors: int = 0, **more: Any) -> dict[str, Any]:
        """An entry of POPFLIX_PROVIDERS of kind url; `more` replaces or adds."""
        return url_entry(self.root, name, mirrors, **more)

    def list_entry(self, name: str = "listed", *, paged: bool = False, **more: Any) -> Any:
        """The same of kind list."""
        file = "movies/page-{page}.json" if paged else "movies.json"
        entry = {"name": name, "kind": "list", "template": f"{self.root}/list/{file}"}
        return entry | {"controls": _CONTROLS} | more

    def set(
        self,
        behaviour: str | None = None,
        *,
        mirror: str | None = None,
        edition: int | None = None,
        latency_ms: int | None = None,
    ) -> None:
        """From now on: `faults=0.2` at "m1" or, without one, at every mirror; another edition
        has a tenth of its films come or gone. What is not named stays. Raises RefusedError."""
        given = {
            "behaviour": behaviour, "mirror": mirror, "edition": edition, "latency_ms": latency_ms,
        }  # fmt: skip
        query = urlencode({name: value for name, value in given.items() if value is not None})
        told = json.loads(self._ask("POST", f"provider?{query}"))
        if "behaviours" not in told:
            raise RefusedError(told["status_message"])

    def report(self) -> dict[str, Any]:
        """Since the last reset: requests, worst_second, most_at_once, by_second, by_status,
        faults, by_path, answered_by_path, and of `mirrors` the first five; with the settings."""
        return dict(json.loads(self._ask("GET", "provider")))

    def truth(self, ids: Iterable[int], media_type: str = "movie") -> dict[int, bool]:
        """Which of these ids of TMDB's are there."""
        wanted = list(ids)
        found: dict[str, bool] = {}
        for start in range(0, len(wanted), _IDS_AT_ONCE):
            some = ",".join(map(str, wanted[start : start + _IDS_AT_ONCE]))
            page = f"provider/truth?media_type={media_type}&ids={some}"
            found |= json.loads(self._ask("GET", page))
        return {int(number): is_there for number, is_there in found.items()}
