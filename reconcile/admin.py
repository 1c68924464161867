"""The pages of this app, found by Django under this name."""

from __future__ import annotations

from reconcile.changes.screens.changes import ChangeAdmin
from reconcile.changes.screens.sets import ChangeSetAdmin
from reconcile.changes.screens.warnings import ProgrammeWarningAdmin
from reconcile.feed.screens.cinemas import CinemaAdmin
from reconcile.feed.screens.feeds import LoadAdmin
from reconcile.feed.screens.staging import SyncShowAdmin
from reconcile.shows.screens import trail
from reconcile.shows.screens.locks import FieldLockAdmin
from reconcile.shows.screens.master import MasterShowAdmin

__all__ = [
    "ChangeAdmin",
    "ChangeSetAdmin",
    "CinemaAdmin",
    "FieldLockAdmin",
    "LoadAdmin",
    "MasterShowAdmin",
    "ProgrammeWarningAdmin",
    "SyncShowAdmin",
    "trail",
]
