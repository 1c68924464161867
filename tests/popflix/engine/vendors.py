"""Tests that hold on one kind of database only; `make test` runs both."""

from __future__ import annotations

import pytest
from django.db import connection

on_sqlite = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="about SQLite; runs in the SQLite pass"
)
on_a_server = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="about a database server; runs in the MariaDB pass"
)
