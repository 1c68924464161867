"""The watcher: starts what is due and picks up what was dropped.

A tick is a snapshot of the tables, a pure decision, and one transaction per action. Any number of
watchers may tick at once: each action is a compare-and-set, and losing one is normal.
"""

from popflix.engine.watch.doing import Done
from popflix.engine.watch.watcher import Watcher

__all__ = ["Done", "Watcher"]
