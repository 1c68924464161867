"""What answers of TMDB's come to beside what is held: read and merged, not yet written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sync.movies.bodies import Body
from sync.movies.fields import Source
from sync.movies.held import NOTHING, Held, Key, Mark, marks_of, read_held
from sync.movies.merge import DEFAULT_POLICY, Merged, Offer, Policy, merge
from sync.movies.rows import MovieRow
from sync.movies.transform import MovieValues

LocksOf = Callable[[Collection[int]], Mapping[str, Collection[str]]]


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer of TMDB's. `token` is the lease of the claimed work row, "" where none was.

    `due_at` is when the movie is to be fetched again.
    """

    values: MovieValues
    body: Body
    fetched_at: dt.datetime
    due_at: dt.datetime | None = None
    token: str = ""

    @property
    def key(self) -> Key:
        return self.values.key


def no_locks(movie_ids: Collection[int]) -> Mapping[str, Collection[str]]:
    return {}


class Plan(NamedTuple):
    """One answer, the movie as it is, and what is to become of it."""

    one: Fetched
    mark: Mark | None
    before: Held
    result: Merged

    @property
    def is_moved(self) -> bool:
        return self.mark is None or bool(self.result.changes)

    @property
    def row(self) -> MovieRow:
        values = self.result.after(self.before.values)
        return MovieRow(
            self.one.key, values, self.result.origins, self.one.body.sha256, self.one.fetched_at,
            self.is_moved,
        )  # fmt: skip


def plan_news(
    news: Sequence[Fetched], marks: Mapping[Key, Mark], locks_of: LocksOf, policy: Policy
) -> list[Plan]:
    known = [marks[one.key].id for one in news if one.key in marks]
    held, locks = read_held(known), locks_of(known)
    plans = []
    for one in news:
        mark = marks.get(one.key)
        before = held[mark.id] if mark else NOTHING
        keep = locks.get(str(mark.id), ()) if mark else ()
        offer = Offer(Source.TMDB, one.values.said(), one.fetched_at)
        result = merge(before.values, before.origins, [offer], locks=keep, policy=policy)
        plans.append(Plan(one, mark, before, result))
    return plans


def plan_movies(
    batch: Sequence[Fetched], *, locks_of: LocksOf = no_locks, policy: Policy = DEFAULT_POLICY
) -> dict[Key, Merged]:
    """What `apply_movies` would change of each movie, whether its body is held or not.

    Writes nothing; a movie that is not there yet is all changes.
    """
    marks = marks_of([one.key for one in batch])
    return {plan.one.key: plan.result for plan in plan_news(batch, marks, locks_of, policy)}
