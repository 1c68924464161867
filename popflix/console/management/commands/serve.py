"""`manage.py serve`: the admin and its worker as one foreground command."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import CommandParser

from popflix.console.account import has_no_account
from popflix.console.command import ConsoleCommand
from popflix.console.demo import serve_demo
from popflix.console.serving import Address, schema_is_behind, serve
from popflix.lib.clock import SYSTEM_CLOCK
from popflix.lib.command import Report, StopRequest


class Command(ConsoleCommand):
    help = "Serve the admin and run the worker until Ctrl-C or SIGTERM."

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="0 takes any free port")
        parser.add_argument("--bind", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--demo", action="store_true", help="serve the data of `make demo`")
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would be set up and served"
        )

    def perform(self, stop: StopRequest, **options: Any) -> Report:
        address = Address(options["bind"], options["port"])
        if options["demo"]:
            self._serve_demo(stop, options)
        if options["dry_run"]:
            return self._preview(address)
        served = serve(
            address, base=settings.BASE_DIR, stop=stop, say=self.say, clock=SYSTEM_CLOCK
        )
        return Report(
            vars(served),
            stopped_by=stop.signal_number,
            how_to_go_on="Stopped. Nothing is left running; `make serve` opens it again.",
        )

    def _serve_demo(self, stop: StopRequest, options: dict[str, Any]) -> NoReturn:
        arguments = [f"--port={options['port']}", f"--bind={options['bind']}"]
        arguments += [
            f"--{name.replace('_', '-')}" for name in ("json", "dry_run") if options[name]
        ]
        code = serve_demo(arguments, settings.POPFLIX_VAR, settings.BASE_DIR, stop=stop)
        raise SystemExit(code)

    def _preview(self, address: Address) -> Report:
        behind, nobody = schema_is_behind(), has_no_account()
        url = address.url(address.port)
        self.say(f"Would serve {url} with a worker.")
        self.say("Would migrate the database first." if behind else "The schema is current.")
        self.say("Would create the account `operator`." if nobody else "An account exists.")
        return Report({"url": url, "would_migrate": behind, "would_create_account": nobody})
