"""The site as one foreground command: a web server and a worker, kept alive until a signal.

listen        the socket is ours, so a web server that is started again loses no connection
migrate       where the schema is behind
account       `operator`, where there is no account
keep          gunicorn and `manage.py work`, each in its own session; restart what dies
end           SIGTERM to the two parents only, a grace period, then their whole groups
"""

from __future__ import annotations

import http.client
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from popflix.console.account import USERNAME, create_operator
from popflix.lib.children import LOOK_SECONDS, Kept, end_all, manage_command
from popflix.lib.clock import Clock
from popflix.lib.command import StopRequest, require_current_schema, stop_on_signals
from popflix.lib.errors import OperatorError

GRACE_SECONDS = 45.0  # `work` gives its runs 35 s to hand over
READY_WITHIN_SECONDS = 30.0


@dataclass(frozen=True)
class Address:
    bind: str
    port: int

    def url(self, port: int) -> str:
        host = "localhost" if self.bind in ("0.0.0.0", "::", "") else self.bind
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/admin/"

    def listen(self) -> socket.socket:
        """Raises OperatorError where the address cannot be taken."""
        family = socket.AF_INET6 if ":" in self.bind else socket.AF_INET
        try:
            return socket.create_server((self.bind, self.port), family=family, backlog=128)
        except (OSError, OverflowError) as error:
            raise OperatorError(
                f"Port {self.port} of {self.bind or 'this host'} cannot be used ({error}).",
                "Stop what listens there, or choose another with --port.",
            ) from None


@dataclass(frozen=True)
class Served:
    url: str
    migrated: bool
    created_account: bool
    restarts: int


def serve(
    address: Address, *, base: Path, stop: StopRequest, say: Callable[[str], None], clock: Clock
) -> Served:
    """Serve until `stop`; returns when no process of ours is left."""
    with closing(address.listen()) as listener:
        migrated = _migrate(say)
        password = create_operator()
        with _kept(listener, base, clock) as children:
            url = address.url(listener.getsockname()[1])
            if not _answers(listener, children, stop, clock):
                return Served(url, migrated, bool(password), 0)
            say(f"The admin is open at {url}")
            if password:
                say(f"Log in as {USERNAME} with the password {password} (shown only now).")
            say("Ctrl-C ends it.")
            while not stop.wait(LOOK_SECONDS):
                for child in children:
                    child.look()
            say("Stopping: the work in hand is finished first; Ctrl-C again to end at once.")
        return Served(url, migrated, bool(password), sum(child.restarts for child in children))


def schema_is_behind() -> bool:
    try:
        require_current_schema()
    except OperatorError:
        return True
    return False


def _migrate(say: Callable[[str], None]) -> bool:
    """Bring the schema up to date; False where it is already."""
    if not schema_is_behind():
        return False
    say("Migrating the database …")
    call_command("migrate", verbosity=0, interactive=False)
    return True


@contextmanager
def _kept(listener: socket.socket, base: Path, clock: Clock) -> Iterator[list[Kept]]:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # else each web process warns
    web = [sys.executable, "-m", "gunicorn", "popflix.wsgi:application"]
    web += ["--bind", f"fd://{listener.fileno()}", "--chdir", str(base), "--no-control-socket"]
    web += ["--workers", "2", "--threads", "4", "--timeout", "60", "--log-level", "warning"]
    children: list[Kept] = []
    try:
        children.append(Kept("web server", web, clock=clock, pass_fds=[listener.fileno()]))
        children.append(Kept("worker", manage_command(base, "work"), clock=clock))
        yield children
    finally:
        with stop_on_signals() as hurry:
            end_all(children, stop=hurry, grace_seconds=GRACE_SECONDS)


def _answers(
    listener: socket.socket, children: list[Kept], stop: StopRequest, clock: Clock
) -> bool:
    """Wait until the web server answers; False when stopped meanwhile."""
    until = clock.monotonic() + READY_WITHIN_SECONDS
    while not stop:
        if not children[0].alive or clock.monotonic() > until:
            raise OperatorError(
                "The web server does not answer.", "Its own words stand in the lines above."
            )
        if _asked_once(listener):
            return True
        clock.sleep(LOOK_SECONDS)
    return False


def _asked_once(listener: socket.socket) -> bool:
    host, port = listener.getsockname()[:2]
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    asking = http.client.HTTPConnection(here, port, timeout=1)
    try:
        asking.request("GET", "/admin/login/", headers={"Host": _own_host()})
        asking.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()
    return True


def _own_host() -> str:
    """A host name that the site accepts, so that our own question is not logged as an attack."""
    first = str((settings.ALLOWED_HOSTS or ["localhost"])[0])
    return "localhost" if first == "*" else first.lstrip(".")
