"""The engine. A program of one's own needs two names: `create_manager` and the default `manager`.

They are imported when they are first asked for: this package is an app, and an app must not
import models before all apps are loaded.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from popflix.engine.managing import Manager, create_manager
    from popflix.engine.managing import create_manager as create_synchronik_manager

    manager: Manager

__all__ = ["create_manager", "create_synchronik_manager", "manager"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    create = importlib.import_module("popflix.engine.managing").create_manager
    globals().update(create_manager=create, create_synchronik_manager=create)
    if name == "manager":  # of the site's units, one for the whole process
        globals()["manager"] = create()
    return globals()[name]
