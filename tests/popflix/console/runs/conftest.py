from __future__ import annotations

from collections.abc import Iterator

import pytest

from popflix.engine.registry import Unit, registry


@pytest.fixture(autouse=True)
def unit() -> Iterator[Unit]:
    made = registry.register(Unit("greet", lambda ctx: None, title="Says hello"))
    yield made
    registry.release("greet")
