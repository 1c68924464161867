"""What an address of the review page asks for: which changes of a set, and which page of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.http import QueryDict
from django.urls import reverse

from reconcile.changes import told
from reconcile.changes.approval.choosing import Choice, clean_choice
from reconcile.changes.models import Change, ChangeSet, ChangeState
from reconcile.shows.models import MasterShow

PER_PAGE = 50
SEARCH, AFTER, BEFORE = "q", "after", "before"
FILTERS = ("state", "kind", "cinema", "weekday", "field")
_DIGITS = 18  # no database takes a longer number
_LONGEST = 100  # letters of a search


@dataclass(frozen=True)
class Asked:
    """A page begins behind the change `after`, or ends before `before`; 0 is neither."""

    choice: Choice
    search: str = ""
    after: int = 0
    before: int = 0

    def changes(self) -> QuerySet[Change]:
        found = self.choice.changes()
        return _searched(found, self.search) if self.search else found

    def url(self, **other: object) -> str:
        """This address, with other values of some parameters."""
        return review_url(self.choice.change_set, **{**self.values(), **other})

    @property
    def all_url(self) -> str:
        return review_url(self.choice.change_set, state="")

    def values(self) -> dict[str, object]:
        """The filters as a form has them; all states are said, because one is assumed."""
        found = {name: getattr(self.choice, name) for name in FILTERS}
        return {**found, SEARCH: self.search}


def asked(change_set: ChangeSet, query: QueryDict) -> Asked:
    """Without a state: what is held, if anything is. Raises OperatorError for an odd filter."""
    said = {name: str(query.get(name, "")).strip() for name in FILTERS}
    given: dict[str, object] = {name: value for name, value in said.items() if value}
    if "state" not in query:
        given["state"] = assumed_state(change_set)
    choice = clean_choice({**given, "change_set": change_set.pk})
    search = str(query.get(SEARCH, "")).replace("\0", "").strip()[:_LONGEST]
    return Asked(choice, search, _number(query, AFTER), _number(query, BEFORE))


def assumed_state(change_set: ChangeSet) -> str:
    return str(ChangeState.HELD) if told.in_state(change_set.counts, ChangeState.HELD) else ""


def review_url(change_set_id: int, **query: object) -> str:
    """The changes of a set, narrowed by the filters that are given."""
    return _url("review", change_set_id, query)


def decide_url(change_set_id: int, verdict: str, **query: object) -> str:
    """The page that asks whether all of them are meant."""
    return _url("decide_all", change_set_id, {"verdict": verdict, **query})


def _url(name: str, change_set_id: int, query: Mapping[str, object]) -> str:
    path = reverse(f"admin:reconcile_changeset_{name}", args=[change_set_id])
    kept = {key: value for key, value in query.items() if key == "state" or _is_said(value)}
    return f"{path}?{urlencode(kept)}" if kept else path


def _is_said(value: object) -> bool:
    return value is not None and value != ""


def _number(query: QueryDict, name: str) -> int:
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0


def _searched(changes: QuerySet[Change], term: str) -> QuerySet[Change]:
    """By a part of the film's title, or by how its id begins: in master, or of what is new.

    Each change looks its own row of master up: all titles of master would be read else.
    """
    shows = MasterShow.objects.filter(pk=OuterRef("master_id")).annotate(low=Lower("title"))
    in_master = shows.filter(Q(low__contains=term.lower()) | Q(movie_id__startswith=term))
    is_new = Q(after__title__icontains=term) | Q(after__movie_id__startswith=term)
    return changes.filter(Exists(in_master) | (Q(master_id=None) & is_new))
