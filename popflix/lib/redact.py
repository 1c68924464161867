"""Secrets never leave: removed from log lines, exception texts, stored errors and pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

MASK = "[secret]"
_SHORTEST = 6  # a shorter text would also mask innocent words
_NAMES = (
    r"api[_-]?key|x-api-key|access[_-]?token|auth[_-]?token|read[_-]?token|refresh[_-]?token"
    r"|client[_-]?secret|secret[_-]?key|secret|token|password|passwd|pwd"
)
_PASSWORD = re.compile(r"((?<!\w)\w++://[^:/]*+:).+", re.DOTALL)
# No text may take long, whatever stands in it: each pattern looks at a character a few times at
# most. Hence what cannot be given back (`++`), and beginnings of words only.
_PATTERNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # api_key=… in a query or a DSN, and "api_key": "…" in JSON or a Python dict, cut ones too
    (re.compile(rf"(?i)\b({_NAMES})=(?!\[secret\])([^\s&'\"\)\],;]+)"), rf"\1={MASK}"),
    (
        re.compile(rf"(?i)(['\"](?:{_NAMES})['\"]\s*:\s*)(['\"])(?:\\.|(?!\2)[^\\\n])*+\\?\2?"),
        rf"\1\2{MASK}\2",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+([A-Za-z0-9._~+/=-]{8,})"), rf"\1 {MASK}"),
    (  # a JWT: what ends in two more parts, from where it begins
        re.compile(
            r"(?<![\w-])(?=[\w-]++\.[\w-]++\.[\w-])([\w-]*?)\beyJ[\w-]++\.[\w-]++\.[\w-]++",
            re.ASCII,
        ),
        rf"\1{MASK}",
    ),
    # The password of an address: of what stands before an @
    (
        re.compile(r"(?<![^\s@])[^\s@]++(?=@)"),
        lambda found: _PASSWORD.sub(rf"\1{MASK}", found[0], 1),
    ),
)
_known: tuple[str, ...] = ()


def remember_secret(value: str) -> None:
    """Have `redact` remove this very text wherever it stands, percent-encoded too.

    Texts of fewer than six characters are ignored.
    """
    global _known
    if len(value) < _SHORTEST or value in MASK:
        return
    # A new tuple each time: other threads may be in the middle of `redact`. The longest first,
    # so that of two secrets that begin alike no tail stays behind.
    forms = {*_known, value, quote(value, safe=""), quote_plus(value)}
    _known = tuple(sorted(forms, key=len, reverse=True))


def redact(text: str) -> str:
    """`text` without the remembered secrets and without what looks like one.

    Halves of characters (a file's name that is no UTF-8, broken JSON) are spelled out: neither a
    database nor a log takes them, and the words that explain a failure would be lost.
    """
    for secret in _known:
        if secret in text:
            text = text.replace(secret, MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text.encode(errors="backslashreplace").decode()
