"""Secrets never leave: removed from log lines, exception texts, stored errors and pages."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus

MASK = "[secret]"
_SHORTEST = 6  # a shorter text would also mask innocent words
_NAMES = (
    r"api[_-]?key|x-api-key|access[_-]?token|auth[_-]?token|read[_-]?token|refresh[_-]?token"
    r"|client[_-]?secret|secret[_-]?key|secret|token|password|passwd|pwd"
)
_PATTERNS = (
    # api_key=… in a query or a DSN, and "api_key": "…" in JSON or a Python dict
    (re.compile(rf"(?i)\b({_NAMES})=(?!\[secret\])([^\s&'\"\)\],;]+)"), rf"\1={MASK}"),
    (
        re.compile(rf"(?i)(['\"](?:{_NAMES})['\"]\s*:\s*)(['\"])((?:\\.|(?!\2).)*)\2"),
        rf"\1\2{MASK}\2",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s+([A-Za-z0-9._~+/=-]{8,})"), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"), MASK),  # a JWT
    (re.compile(r"(\w+://[^\s:/@]*):([^\s@]+)@"), rf"\1:{MASK}@"),
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
