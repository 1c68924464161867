"""The pages of this app, found by Django under this name."""

from __future__ import annotations

from reconcile.changes.screens.changes import ChangeAdmin
from reconcile.changes.screens.sets import ChangeSetAdmin
from reconcile.feed.screens.feeds import CinemaAdmin, LoadAdmin
from reconcile.feed.screens.shows import MasterShowAdmin, SyncShowAdmin

__all__ = [
    "ChangeAdmin",
    "ChangeSetAdmin",
    "CinemaAdmin",
    "LoadAdmin",
    "MasterShowAdmin",
    "SyncShowAdmin",
]
