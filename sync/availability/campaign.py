"""What the command check_availability does: plan, enqueue, or run here and tell, per provider."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from popflix.engine.conditions import release_what_holds
from popflix.engine.models import RunStatus
from popflix.engine.progress import Progress
from popflix.engine.runner import RunOutcome, run_in_foreground
from popflix.engine.starting import enqueue
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import EXIT_ERROR, ConfigurationError, OperatorError, UsageError
from popflix.lib.limiter.survey import survey
from popflix.lib.progress import Reporter
from sync.availability import providers, rows, wanted
from sync.availability.figures import Figures
from sync.availability.models import Provider
from sync.availability.types import Kind, ProviderConfig
from sync.availability.wish import Wish, clean_params, read_wish
from sync.links.outcome import figures_of

COMMAND = "check_availability"
GO_ON = f"What was stored stays; `python manage.py {COMMAND}` goes on from here."
_COUNTED = (*Figures.__dataclass_fields__, "pending", "requests")
Say = Callable[[str], None]
Params = Mapping[str, object]
Told = dict[str, dict[str, Any]]


def chosen(names: Sequence[str], params: Params) -> list[tuple[ProviderConfig, dict[str, object]]]:
    """The providers that are meant, each with its cleaned parameters. Raises OperatorError.

    Of a region that only some of them are asked about, the others that know regions are left
    out, unless they are named.
    """
    configs = [providers.find(name) for name in dict.fromkeys(names)] or providers.configured()
    if not configs:
        raise ConfigurationError(
            "No provider is configured.", "Set POPFLIX_PROVIDERS in .env; .env.example shows how."
        )
    region = str(params.get("region") or "").strip().upper()
    if region and not names:
        if not any(region in config.regions for config in configs):
            asked = sorted({each for config in configs for each in config.regions})
            raise UsageError(
                f"--region is {region[:40]}, which no provider is asked about.",
                f"Choose one of {', '.join(asked) or 'none: no provider knows regions'}.",
            )
        configs = [each for each in configs if region in each.regions or not each.regions]
    return [(each, clean_params(each.name, _own(params, each, names))) for each in configs]


def _own(params: Params, config: ProviderConfig, names: Sequence[str]) -> Params:
    """A provider that knows no regions is checked whole, unless it was named for its region."""
    if config.regions or names:
        return params
    return {**params, "region": ""}


# --- a dry run ----------------------------------------------------------------------------------


def dry_run(
    names: Sequence[str], params: Params, *, say: Say, clock: Clock = SYSTEM_CLOCK
) -> Report:
    """Tell what each provider would be asked and how long that takes; nothing is written."""
    now, told = clock.now(), {}
    for config, cleaned in chosen(names, params):
        planned = _plan(config, read_wish(cleaned), now)
        told[config.name] = planned
        say(
            f"{config.name}: {planned['checks']:,} checks, {planned['new']:,} of movies never "
            f"checked; {_span(planned['eta_seconds'])} at {planned['rate']:g}/s."
        )
    say("Dry run: nothing was asked, and nothing written.")
    return Report({"dry_run": True, "providers": told})


def _plan(config: ProviderConfig, wish: Wish, now: dt.datetime) -> dict[str, Any]:
    provider = Provider.objects.filter(name=config.name).first()
    number = None if provider is None else provider.pk
    if wish.movie_ids:
        new = 0
        count = rows.checkable(config.media_types).filter(pk__in=wish.movie_ids).count()
    else:
        new = rows.missing(config, number).count()
        count = new + (0 if number is None else _due(number, wish, now))
    count = count if wish.limit is None else min(count, wish.limit)
    rate = _rate(config)
    # A list is read as a whole, and its ids are looked up.
    eta_seconds = 0.0 if config.kind is Kind.LIST else round(count / rate, 1)
    return {"checks": count, "new": min(new, count), "rate": rate, "eta_seconds": eta_seconds}


def _due(provider: int, wish: Wish, now: dt.datetime) -> int:
    """Rows that are due, or that the run would make due; the database counts each once."""
    due, more = rows.due_rows(provider, now), []
    if wish.stale_hours is not None:
        misdated = wanted.misdated_rows(provider, wish.hours)
        old = now - dt.timedelta(hours=wish.hours)
        due = due.exclude(pk__in=misdated.filter(last_checked__gt=old).values("pk"))
        more.append(misdated.filter(last_checked__lte=old))
    if wish.retry_unknown:
        more.append(wanted.unknown_rows(provider))
    if wish.region:
        more.append(wanted.rows_without(provider, wish.region))
    if not more:
        return due.count()
    return due.values("pk").union(*(each.values("pk") for each in more)).count()


def _rate(config: ProviderConfig) -> float:
    """In force now: the provider may have asked for less."""
    known = [bucket.rate for bucket in survey() if bucket.name == config.bucket]
    return min([providers.allowed_rate(config), *known])


def _span(seconds: float) -> str:
    return f"about {dt.timedelta(seconds=round(seconds))}"


# --- runs ---------------------------------------------------------------------------------------


def put_on_queue(
    names: Sequence[str], params: Params, *, say: Say, clock: Clock = SYSTEM_CLOCK
) -> Report:
    """Leave a run of each provider to the queue's workers. Raises OperatorError.

    One that cannot be queued does not keep the others from it.
    """

    def put(config: ProviderConfig, cleaned: Params) -> dict[str, Any]:
        release_what_holds(clock.now(), unit=config.unit, ask_at_once=True)
        run = enqueue(config.unit, cleaned, trigger="command", clock=clock)
        say(f"{config.name}: queued as run {run.pk}.")
        return {"run": run.pk, "status": run.status}

    told, failed = _each(chosen(names, params), put, say)
    say("A worker (`python manage.py work`) takes it up.")
    return Report({"providers": told}, EXIT_ERROR if failed else 0)


def run_here(
    names: Sequence[str],
    params: Params,
    *,
    stop: StopRequest,
    say: Say,
    reporter: Reporter,
    clock: Clock = SYSTEM_CLOCK,
) -> Report:
    """Check one provider after the other, until nothing is due or a signal comes.

    Of several, one that cannot be checked is told and the others follow. Raises OperatorError.
    """
    ended: list[RunOutcome] = []

    def check(config: ProviderConfig, cleaned: Params) -> dict[str, Any]:
        if stop:
            return {"status": "not begun"}
        progress = Progress(reporter, "checks")
        outcome = run_in_foreground(
            config.unit, cleaned, stop=stop, reporter=progress, clock=clock
        )
        ended.append(outcome)
        figures = figures_of(outcome, GO_ON)
        say(_line(config.name, figures))
        if outcome.run.status != RunStatus.COMPLETED and outcome.stopped_by is None:
            say(f"Run {outcome.run.pk} was stopped: {outcome.run.error or outcome.run.status}.")
        return {**figures, "status": outcome.run.status}

    try:
        told, failed = _each(chosen(names, params), check, say)
    finally:
        reporter.close()
    return _report(told, failed, ended)


def _each(
    those: Sequence[tuple[ProviderConfig, Params]],
    act: Callable[[ProviderConfig, Params], dict[str, Any]],
    say: Say,
) -> tuple[Told, bool]:
    """What came of each, and whether one failed. Of a single one the error is raised."""
    told: Told = {}
    failed = False
    for config, cleaned in those:
        try:
            told[config.name] = act(config, cleaned)
        except OperatorError as error:
            if len(those) == 1:
                raise
            failed = True
            told[config.name] = error.as_data()
            say(f"{config.name}: {error.cause} {error.cure}")
    return told, failed


def _report(told: Told, failed: bool, ended: Iterable[RunOutcome]) -> Report:
    total: Counter[str] = Counter(dict.fromkeys(_COUNTED, 0))
    for figures in told.values():
        total.update({name: figures.get(name, 0) for name in _COUNTED})
    signals = [each.stopped_by for each in ended if each.stopped_by is not None]
    is_ended_early = any(
        each.run.status != RunStatus.COMPLETED and each.stopped_by is None for each in ended
    )
    return Report(
        {**total, "providers": told},
        EXIT_ERROR if failed or is_ended_early else 0,
        stopped_by=signals[0] if signals else None,
        how_to_go_on=GO_ON,
    )


def _line(name: str, figures: Mapping[str, Any]) -> str:
    seconds = max(figures["seconds"], 0.001)
    return (
        f"{name}: Checked: {figures['checked']}, Available: {figures['available']}, "
        f"Unavailable: {figures['unavailable']}, Unknown: {figures['unknown']}, "
        f"Flipped: {figures['flipped']}, Pending: {figures['pending']} "
        f"({figures['requests']} requests, {figures['requests'] / seconds:.1f}/s of "
        f"{figures['allowed_rate']:g}/s allowed)"
    )
