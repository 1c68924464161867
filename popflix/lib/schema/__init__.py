"""Adopt tables that exist, instead of failing on them or shadowing them.

Migrations use `CreateOrAdopt` in place of CreateModel for tables that users may have,
`AddIndexIfMissing` for an index on one of them, and `CreateCompanion` for popflix's own tables
that refer to those.
"""

from popflix.lib.schema.indexes import AddIndexIfMissing
from popflix.lib.schema.operations import CreateCompanion, CreateOrAdopt

__all__ = ["AddIndexIfMissing", "CreateCompanion", "CreateOrAdopt"]
