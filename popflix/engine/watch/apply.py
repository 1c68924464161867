"""Doing what was decided: each action in a transaction of its own, as a compare-and-set.

Every action answers what it did, or None where somebody else was faster or nothing is left to be
done: the normal fate of the second watcher.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from popflix.engine.watch import actions, firing, rescue
from popflix.engine.watch.doing import Doing, Done

Do = Callable[[Any, Doing], Done | None]


def apply(action: actions.Action, doing: Doing) -> Done | None:
    return _DOES[type(action)](action, doing)


_DOES: Mapping[type[Any], Do] = {
    actions.Fire: firing.do_fire,
    actions.Skip: firing.do_skip,
    actions.Pass: firing.do_pass,
    actions.Refuse: firing.do_refuse,
    actions.Disable: firing.do_disable,
    actions.Recover: rescue.do_recover,
    actions.Deliver: rescue.do_deliver,
    actions.Begin: rescue.do_begin,
    actions.Settle: rescue.do_settle,
    actions.TellStuck: rescue.do_tell_stuck,
}
