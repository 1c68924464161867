"""How the invented provider misbehaves, as real ones have: by name and by share of requests."""

from __future__ import annotations

from dataclasses import dataclass

from popflix.sandbox.faults import FaultPlan, FaultSpecError

BEHAVIOURS = {
    "honest": "200 with a player for what is there, 404 for what is not",
    "soft_404": "what is not there gets 200 with a page that says so; a list is that page",
    "bot_wall": "403 with a page that asks for a person, for every other title under 200",
    "limited_mirror": "429, at one mirror: the first unless another is named",
    "login_page": "302 to a page of its own under 200 that asks for a name and a password",
    "foreign_redirect": "302 to a host that nobody knows",
    "always_200": "200 with a player, whatever is asked for",
    "always_404": "404, whatever is asked for; a list is empty",
    "no_head": "405 for HEAD",
    "faults": "429, 500, 503, late, cut and reset answers, as many of each",
}
LIMITED_MIRROR = "m1"
_FAULTS = ("429", "500", "503", "slow", "truncated", "reset")
_MOST_IN_A_ROW = 3
_WITHOUT_END = 10**9


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`share` of the requests meet it, the others an honest provider."""

    name: str = "honest"
    share: float = 1.0


HONEST = Behaviour()


def parse_behaviour(text: str) -> Behaviour:
    """Read `soft_404` or `faults=0.2`. Raises FaultSpecError for an unknown name or bad share."""
    name, separator, written = text.strip().partition("=")
    if name not in BEHAVIOURS:
        raise FaultSpecError(f"{name!r}: no such behaviour; known are {', '.join(BEHAVIOURS)}")
    try:
        share = float(written) if separator else 1.0
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise FaultSpecError(f"{text!r}: write a share from 0 to 1, for instance faults=0.2")
    return Behaviour(name, share)


class Manners:
    """Decides request by request what becomes of it; the same in every run of a seed."""

    def __init__(self, behaviour: Behaviour, seed: int) -> None:
        self.behaviour = behaviour
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Begin anew, as if nothing had been asked."""
        name, share = self.behaviour.name, self.behaviour.share
        rates = {name: share if name != "honest" else 0.0}
        if name == "faults":
            rates = dict.fromkeys(_FAULTS, share / len(_FAULTS))
        limit = _MOST_IN_A_ROW if name == "faults" else _WITHOUT_END
        self._plan = FaultPlan(rates, self._seed, limit)

    def next(self, path: str) -> str:
        """The name of a behaviour or, where these are faults, of a fault; honest is ""."""
        return self._plan.next(path) or ""
