"""The pages of this app, found by Django under this name."""

from __future__ import annotations

from sync.links.screens import trail
from sync.links.screens.links import MediaLinksAdmin
from sync.links.screens.titles import TitleAdmin

__all__ = ["MediaLinksAdmin", "TitleAdmin", "trail"]
