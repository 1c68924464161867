"""`top` on a terminal: a new frame each second until q or a signal."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console
from rich.live import Live

from popflix.engine.registry import Registry
from popflix.engine.registry import registry as all_units
from popflix.engine.views.frame import Pacer, look
from popflix.engine.views.top import render
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest

REFRESH_SECONDS = 1.0
_KEY_SECONDS = 0.1


def once(
    *, out: Any, as_json: bool, registry: Registry = all_units, clock: Clock = SYSTEM_CLOCK
) -> Report:
    """One frame, printed or as data."""
    frame = Pacer().paced(look(registry, clock))
    if not as_json:
        console = Console(file=_stream(out), highlight=False)
        console.print(render(frame, console.width))
    return Report(frame.as_json())


def live(
    *, out: Any, stop: StopRequest, registry: Registry = all_units, clock: Clock = SYSTEM_CLOCK
) -> Report:
    """Frame after frame on the whole screen; the last one stays when it ends."""
    console, pacer = Console(file=_stream(out), highlight=False), Pacer()
    frame = pacer.paced(look(registry, clock))
    with _keys() as pressed, Live(console=console, screen=True, auto_refresh=False) as view:
        while True:
            view.update(render(frame, console.width), refresh=True)
            if _ends(stop, pressed):
                break
            frame = pacer.paced(look(registry, clock))
    console.print(render(frame, console.width))
    return Report(stopped_by=stop.signal_number, how_to_go_on="Stopped watching.")


def is_terminal(out: Any) -> bool:
    return bool(_stream(out).isatty()) and sys.stdin is not None and sys.stdin.isatty()


def _stream(out: Any) -> Any:
    """Django's OutputWrapper adds a newline to every write; rich moves the cursor."""
    return getattr(out, "_out", out)


def _ends(stop: StopRequest, pressed: Callable[[], str]) -> bool:
    for _ in range(round(REFRESH_SECONDS / _KEY_SECONDS)):
        if stop.wait(_KEY_SECONDS) or "q" in pressed().lower():
            return True
    return False


@contextlib.contextmanager
def _keys() -> Iterator[Callable[[], str]]:
    """Asks which keys were pressed, without Enter; afterwards the terminal is as it was."""
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    tty.setcbreak(number)
    try:
        yield lambda: _pressed(number)
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _pressed(number: int) -> str:
    is_ready = select.select([number], [], [], 0)[0]
    return os.read(number, 64).decode(errors="replace") if is_ready else ""
