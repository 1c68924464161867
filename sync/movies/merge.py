"""What a row holds once several sources have spoken, and why. Pure.

Of each field the most trusted source that has a value wins (`Policy.order`); what the row holds
counts as said by the source it came from, until that source says otherwise.

| what is said                               | what becomes of the field                         |
|--------------------------------------------|---------------------------------------------------|
| nothing                                    | it stays                                          |
| a value, by the most trusted source so far | it is taken                                       |
| a value, by a less trusted one             | it stays                                          |
| none, by the source of what is held        | the next source's value, else it becomes empty    |
| none, by another source, or of a field     | it stays                                          |
|   that every movie has                     |                                                   |
| anything, of a locked field                | it stays, unless the operator says it             |
| anything, of a field filled only once      | it stays once it holds something, likewise        |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec import Struct

from sync.movies.fields import ALWAYS_THERE, BLANK, Source, is_blank

ORDER = (Source.OPERATOR, Source.FEED, Source.TMDB, Source.IMDB)


class Offer(NamedTuple):
    """What one source says of one movie; a field that is not in `values` it leaves alone.

    Of two offers of one source the later one counts.
    """

    source: Source
    values: Mapping[str, object]
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom to trust, for all fields and for some, and which fields are filled only while empty.

    An IMDb id is filled once: TMDB's may disagree with the one it is known by, and a person has
    to say which is right.
    """

    order: Sequence[Source] = ORDER
    orders: Mapping[str, Sequence[Source]] = field(default_factory=dict)
    fill_only: frozenset[str] = frozenset({"imdb_id"})

    def rank(self, name: str, source: Source) -> int:
        """The lower, the more trusted; who is not in the order comes last."""
        order = self.orders.get(name, self.order)
        return order.index(source) if source in order else len(order) + ORDER.index(source)


class FieldChange(Struct, frozen=True, gc=False):
    """A field that moves. `source` is whose value it has then, None for an empty field."""

    field: str
    before: object
    after: object
    source: Source | None
    reason: str


class Refusal(Struct, frozen=True, gc=False):
    """A value that was offered and not taken, with the reason."""

    field: str
    value: object
    source: Source
    reason: str


@dataclass(frozen=True, slots=True)
class Merged:
    """`origins` names the source of each field that has a value which is not TMDB's."""

    changes: tuple[FieldChange, ...]
    refusals: tuple[Refusal, ...]
    origins: Mapping[str, str]

    def after(self, held: Mapping[str, object]) -> dict[str, object]:
        return {**held, **{change.field: change.after for change in self.changes}}


DEFAULT_POLICY = Policy()
_FIRST_WORDS = {source: f"{source.subject} says so; the field was empty." for source in Source}


def merge(
    held: Mapping[str, object],
    origins: Mapping[str, str],
    offers: Sequence[Offer],
    *,
    locks: Collection[str] = (),
    policy: Policy = DEFAULT_POLICY,
) -> Merged:
    """Settle each field that is spoken of. The order of `offers` does not matter.

    `held` has every field; `origins` whose value it is where not TMDB's; `locks` the fields that
    only an operator moves.
    """
    changes: list[FieldChange] = []
    refusals: list[Refusal] = []
    kept = dict(origins)
    rest = (
        _by_field(offers)
        if len(offers) != 1
        else _after_the_simple(held, offers[0], {*origins, *locks}, changes)
    )
    kept |= {each.field: str(each.source) for each in changes if each.source is not Source.TMDB}
    for name, said in rest.items():
        origin = Source(origins.get(name, Source.TMDB))
        one = _Field(name, held[name], origin, policy, name in locks)
        change = one.settle(said)
        refusals += one.refusals(said, change)
        if change is None:
            continue
        if change.source in (None, Source.TMDB):
            kept.pop(name, None)
        else:
            kept[name] = str(change.source)
        if change.after != change.before:
            changes.append(change)
    return Merged(tuple(changes), tuple(refusals), kept)


def _after_the_simple(
    held: Mapping[str, object],
    offer: Offer,
    special: Collection[str],
    changes: list[FieldChange],
) -> dict[str, dict[Source, object]]:
    """Settle what is simple, which is nearly all there is, and return what is left.

    Simple is that TMDB says what is held already, and that a field of which nothing was known is
    filled; it is what `_Field` would come to.
    """
    left: dict[str, dict[Source, object]] = {}
    source, words = offer.source, _FIRST_WORDS[offer.source]
    for name, value in offer.values.items():
        before = held[name]
        if name not in special:
            if value == before and source is Source.TMDB:
                continue
            if is_blank(name, before):
                if not is_blank(name, value):
                    changes.append(FieldChange(name, before, value, source, words))
                continue
        if not (name in ALWAYS_THERE and is_blank(name, value)):
            left[name] = {source: BLANK[name] if value is None else value}
    return left


def _by_field(offers: Sequence[Offer]) -> dict[str, dict[Source, object]]:
    """By field and source what counts; a "none" that cannot be is left out."""
    if len(offers) > 1:  # the later of a source overwrites; equally late ones by their words
        offers = sorted(
            offers, key=lambda offer: (offer.at, sorted(map(repr, offer.values.items())))
        )
    found: dict[str, dict[Source, object]] = {}
    for offer in offers:
        for name, value in offer.values.items():
            if name in ALWAYS_THERE and is_blank(name, value):
                continue
            found.setdefault(name, {})[offer.source] = BLANK[name] if value is None else value
    return found


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    held: object
    origin: Source
    policy: Policy
    is_locked: bool

    @property
    def _is_empty(self) -> bool:
        return is_blank(self.name, self.held)

    def _only_operator(self, said: Mapping[Source, object]) -> str:
        """Why nobody else moves this field, "" where others may."""
        if self.is_locked:
            return "an operator locked the field"
        if self.name in self.policy.fill_only and not (self._is_empty or self._is_emptied(said)):
            return "the field is filled only while it is empty"
        return ""

    def _is_emptied(self, said: Mapping[Source, object]) -> bool:
        """An operator takes back what an operator gave."""
        own = self.origin is Source.OPERATOR and Source.OPERATOR in said
        return own and is_blank(self.name, said[Source.OPERATOR])

    def settle(self, said: Mapping[Source, object]) -> FieldChange | None:
        """The change to the best value that is known; None where what is held stays."""
        if self._only_operator(said):
            said = {key: said[key] for key in said if key is Source.OPERATOR}
        values = {key: value for key, value in said.items() if not is_blank(self.name, value)}
        if not self._is_empty and self.origin not in said:
            values[self.origin] = self.held
        if values:
            best = min(values, key=lambda source: self.policy.rank(self.name, source))
            if values[best] == self.held and best is self.origin:
                return None
            return self._change(values[best], best, self._why(best, said))
        if self._is_empty or self.origin not in said:
            return None
        return self._change(BLANK[self.name], None, f"{self.origin.subject} has none any more.")

    def _change(self, after: object, source: Source | None, reason: str) -> FieldChange:
        return FieldChange(self.name, self.held, after, source, reason)

    def _why(self, best: Source, said: Mapping[Source, object]) -> str:
        if self._is_empty:
            return _FIRST_WORDS[best]
        if best is self.origin:
            return f"{best.subject} says so now."
        if self.origin in said and is_blank(self.name, said[self.origin]):
            return f"{best.subject} says so; {self.origin.words} has none any more."
        return f"{best.subject} says so and is trusted more than {self.origin.words}."

    def refusals(self, said: Mapping[Source, object], change: FieldChange | None) -> list[Refusal]:
        """The values that were not taken and differ from what the field holds now."""
        now = self.held if change is None else change.after
        winner = self.origin if change is None else change.source
        why = self._only_operator(said) or f"{(winner or self.origin).words} is trusted more"
        return [
            Refusal(self.name, value, source, why)
            for source, value in said.items()
            if value != now and not is_blank(self.name, value)
        ]
