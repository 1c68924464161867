"""The admin's pages of what the platform keeps; importing them registers them."""

from __future__ import annotations

from popflix.console import (
    accounts_admin,
    audit_admin,
    engine_admin,
    engine_admin_schedules,
)
from popflix.console.quarantine import admin as quarantine_admin
from popflix.console.runs import admin as runs_admin
from popflix.console.runs import events_admin
from popflix.engine.q2 import admin_pages

__all__ = [
    "accounts_admin",
    "admin_pages",
    "audit_admin",
    "engine_admin",
    "engine_admin_schedules",
    "events_admin",
    "quarantine_admin",
    "runs_admin",
]
