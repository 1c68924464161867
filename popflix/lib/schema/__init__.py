"""Adopt tables that exist, instead of failing on them or shadowing them.

Migrations use `CreateOrAdopt` in place of CreateModel for tables that users may have, and
`CreateCompanion` for popflix's own tables that refer to those.
"""

from popflix.lib.schema.operations import CreateCompanion, CreateOrAdopt

__all__ = ["CreateCompanion", "CreateOrAdopt"]
