"""Changes that are approved together: one takes a key that another takes or gives up. Pure.

A screen that is only written in another way is the same key to some tables, so keys that differ
by case or spaces alone are linked, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconcile.changes.policy.locking import barred
from reconcile.changes.policy.proposal import Key, Proposal, State


def grouped(proposals: Sequence[Proposal]) -> list[Proposal]:
    """The proposals of one cinema with their groups, numbered from 1 within the cinema.

    Where one of a group is held, all of it is. What is locked is of no group: whoever needs a
    key that it keeps is locked, too.
    """
    proposals = barred(proposals, folded)
    leader = list(range(len(proposals)))
    first: dict[Key, int] = {}
    for n, each in enumerate(proposals):
        if each.state is State.LOCKED:
            continue
        for key in (each.gives_up, each.takes):
            if key is not None:
                other = first.setdefault(folded(key), n)
                leader[_root(leader, n)] = _root(leader, other)
    return _numbered(proposals, [_root(leader, n) for n in range(len(proposals))])


def _numbered(proposals: Sequence[Proposal], roots: Sequence[int]) -> list[Proposal]:
    members: dict[int, list[int]] = {}
    for n, root in enumerate(roots):
        members.setdefault(root, []).append(n)
    made = list(proposals)
    linked = [group for group in members.values() if len(group) > 1]
    for number, group in enumerate(linked, start=1):
        held = [each for each in (made[n] for n in group) if each.state is not State.APPROVED]
        for n in group:
            made[n] = replace(made[n], group=number)
            if held and made[n].state is State.APPROVED:
                why = made[n].reason or "waits for the change that it is linked with"
                made[n] = replace(made[n], state=State.HELD, reason=why)
    return made


def _root(leader: list[int], n: int) -> int:
    while leader[n] != n:
        leader[n] = leader[leader[n]]
        n = leader[n]
    return n


def folded(key: Key) -> Key:
    movie, cinema, screen, moment = key
    return " ".join(movie.casefold().split()), cinema, " ".join(screen.casefold().split()), moment
