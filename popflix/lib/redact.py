"""Secrets never leave: removed from log lines, exception texts, stored errors and pages."""

from __future__ import annotations

import re

_MASK = "[secret]"
_PATTERNS = (
    re.compile(r"(?i)(api_?key|access_token|token|password|apikey)=([^\s&'\"\)\]]+)"),
    re.compile(r"(?i)(bearer)\s+([A-Za-z0-9._~+/=-]{8,})"),
    re.compile(r"(?i)(\w+://[^\s:/@]+):([^\s@]+)@"),
)
_known: set[str] = set()


def remember_secret(value: str) -> None:
    """Have `redact` remove this very text wherever it stands; short texts are ignored."""
    if len(value) >= 6:
        _known.add(value)


def redact(text: str) -> str:
    for secret in _known:
        if secret in text:
            text = text.replace(secret, _MASK)
    text = _PATTERNS[0].sub(rf"\1={_MASK}", text)
    text = _PATTERNS[1].sub(rf"\1 {_MASK}", text)
    return _PATTERNS[2].sub(rf"\1:{_MASK}@", text)
