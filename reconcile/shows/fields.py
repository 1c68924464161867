"""Text that is compared letter by letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:  # the stubs' fields are generic, Django's own are not
    TextColumn = models.CharField[Any, Any]
else:
    TextColumn = models.CharField


class ExactText(TextColumn):
    """Of `utf8mb4_bin` on MySQL and MariaDB, where `_ci` takes é for e and HINDI for Hindi."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        found: dict[str, Any] = dict(super().db_parameters(connection))
        if connection.vendor == "mysql":
            found["collation"] = "utf8mb4_bin"
        return found
