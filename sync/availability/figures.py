"""What a run has found so far, exact over kills: stored in the transaction of each batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from sync.availability.heard import Heard
from sync.availability.types import Found


@dataclass(frozen=True, slots=True)
class Figures:
    """Checks by what they found; `flipped` are rows whose known answer turned."""

    checked: int = 0
    available: int = 0
    unavailable: int = 0
    unknown: int = 0
    flipped: int = 0

    @classmethod
    def of_result(cls, result: Mapping[str, object]) -> Figures:
        """Of what an earlier claim of the run left."""
        return cls(**{each.name: int(str(result.get(each.name) or 0)) for each in fields(cls)})

    def as_result(self) -> dict[str, object]:
        return asdict(self)

    def after(self, batch: Sequence[Heard], *, flipped: int) -> Figures:
        found = [heard.overall.found for heard in batch]
        return replace(
            self,
            checked=self.checked + len(batch),
            available=self.available + found.count(Found.AVAILABLE),
            unavailable=self.unavailable + found.count(Found.UNAVAILABLE),
            unknown=self.unknown + found.count(Found.UNKNOWN),
            flipped=self.flipped + flipped,
        )
