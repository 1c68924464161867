"""What a misbehaving provider answers instead of the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from popflix.sandbox import provider_pages as pages
from popflix.sandbox.answers import Answer
from popflix.sandbox.provider_truth import Truth

FOREIGN = "http://elsewhere.invalid/"


@dataclass(frozen=True, slots=True)
class Given:
    """An answer at `path` below `mirror`. `spoilt` names what is wrong with it, for the counts."""

    mirror: str
    path: str
    answer: Answer
    spoilt: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return f"{self.mirror}/{self.path}" if self.mirror else self.path

    @property
    def is_list(self) -> bool:
        return self.path.startswith("list/")


def misbehaved(given: Given, behaviour: str, method: str, truth: Truth) -> Given:
    """What becomes of the true answer; `behaviour` is any but honest and faults."""
    answer = _answer(given, behaviour, method, truth)
    if answer is None:
        return given
    headers = {"Location": _place(given, behaviour)} if answer.status == 302 else {}
    return replace(given, answer=answer, spoilt=behaviour, headers=headers)


def _answer(given: Given, behaviour: str, method: str, truth: Truth) -> Answer | None:
    """None for the true one."""
    match behaviour:
        case "soft_404":
            return pages.SOFT_404 if given.is_list or given.answer.status == 404 else None
        case "bot_wall":
            return pages.SOFT_WALL if sum(given.path.encode()) % 2 else pages.WALL
        case "limited_mirror":
            return pages.TOO_MANY
        case "login_page" | "foreign_redirect":
            return pages.MOVED
        case "always_200":
            return None if given.is_list else pages.player(given.path.rpartition("/")[2])
        case "always_404" if given.is_list:
            return pages.listed(given.path, truth, is_empty=True)
        case "always_404":
            return pages.MISSING
        case _:
            return pages.WRONG_METHOD if method == "HEAD" else None


def _place(given: Given, behaviour: str) -> str:
    own = f"/{given.mirror}/login" if given.mirror else "/login"
    return FOREIGN if behaviour == "foreign_redirect" else own
