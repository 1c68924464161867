"""Who may ask: TMDB's rules for a v4 token as bearer and a v3 key in the query."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_V3_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Keys:
    """With neither set, any token or key of the right form will do; one set shuts the other out.

    A v3 key (32 hex digits) sent as bearer is refused, as the real one does.
    """

    api_key: str = field(default="", repr=False)
    read_token: str = field(default="", repr=False)

    def admit(self, authorization: str, api_key: str) -> bool:
        """`authorization` is the header's value, `api_key` the query's; either may be empty."""
        scheme, _, bearer = authorization.partition(" ")
        bearer = bearer.strip() if scheme.lower() == "bearer" else ""
        anything_goes = not self.api_key and not self.read_token
        if (
            bearer
            and not _V3_KEY.fullmatch(bearer)
            and (anything_goes or bearer == self.read_token)
        ):
            return True
        return bool(api_key) and (anything_goes or api_key == self.api_key)
