"""The columns of the matrix: each provider as a whole, and each of its configured regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync.availability.health import configured
from sync.availability.models import Provider
from sync.availability.screens.words import CREDITED

MOST_COLUMNS = 12


@dataclass(frozen=True)
class Column:
    """`provider_id` None: the provider has not run yet, and knows nothing of any movie."""

    provider: str
    provider_id: int | None
    region: str = ""
    is_credited: bool = False
    media_types: tuple[str, ...] = ()  # that it is asked about; none: nobody can say

    @property
    def key(self) -> str:
        """In addresses; a provider's name has no colon."""
        return f"{self.provider}:{self.region}" if self.region else self.provider

    @property
    def label(self) -> str:
        return f"{self.provider}, {self.region}" if self.region else self.provider


def every_column() -> list[Column]:
    """Of what POPFLIX_PROVIDERS names, in its order; where it names nothing, of what it named."""
    configs = configured()
    rows = {each.name: each for each in Provider.objects.order_by("name")}
    if not configs:
        return [Column(name, row.pk, "", row.kind == CREDITED) for name, row in rows.items()]
    found = []
    for name, config in configs.items():
        key = rows[name].pk if name in rows else None
        is_credited = config.kind.value == CREDITED
        found += [
            Column(name, key, region, is_credited, config.media_types)
            for region in ("", *config.regions)
        ]
    return found


def asked_about(columns: Sequence[Column], media_type: str) -> list[int | None]:
    """The providers that are asked about movies of this type, each once."""
    asked = [each for each in columns if not each.media_types or media_type in each.media_types]
    return list(dict.fromkeys(each.provider_id for each in asked))


def shown_columns(columns: Sequence[Column], provider: str) -> list[Column]:
    """Those of one provider, where it is known; else the first ones."""
    of_one = [each for each in columns if each.provider == provider]
    return (of_one or list(columns))[:MOST_COLUMNS]
