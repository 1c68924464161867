"""A lookup for long lists of keys: `filter(id__one_of=keys)`.

Django's own `in` looks at each value several times before it is sent, which took a fifth of an
import's time (measured).
"""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, IntegerField, Lookup


@IntegerField.register_lookup
@CharField.register_lookup
class OneOf(Lookup):
    """The right side is a collection of whole numbers, or one of texts, and is taken as it is.

    Whole numbers become part of the statement. The caller bounds how many there are.
    """

    lookup_name = "one_of"
    prepare_rhs = False

    def __init__(self, lhs: Any, rhs: Any) -> None:
        super().__init__(lhs, tuple(rhs))

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        if not self.rhs:
            return "1 = 0", ()
        if isinstance(self.lhs.output_field, IntegerField):
            numbers = ", ".join(map(str, map(int, self.rhs)))
            return f"{column} IN ({numbers})", (*params,)
        marks = ", ".join(["%s"] * len(self.rhs))
        return f"{column} IN ({marks})", (*params, *self.rhs)
