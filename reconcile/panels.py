"""What this app shows on home."""

from __future__ import annotations

from popflix.console.home import needs
from reconcile.changes.approval.unapplied import unapplied_needs
from reconcile.changes.judging.holds import held_needs
from reconcile.changes.programme.odd_needs import odd_needs

needs.register("Held changes", held_needs)
needs.register("Approved changes", unapplied_needs)
needs.register("Warnings", odd_needs)
