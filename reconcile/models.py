"""The models of all rooms, for Django's app loading."""

from reconcile.changes.models import Change, ChangeSet, ProgrammeWarning
from reconcile.feed.models import Cinema, Load, LoadRow, LoadSlice, Source
from reconcile.shows.models import MasterShow, SyncShow

__all__ = [
    "Change",
    "ChangeSet",
    "Cinema",
    "Load",
    "LoadRow",
    "LoadSlice",
    "MasterShow",
    "ProgrammeWarning",
    "Source",
    "SyncShow",
]
