"""What `load_shows` says: to the operator in lines, to scripts as one object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from popflix.engine.at_hand import run_at_hand
from popflix.lib.command import Report, StopRequest
from popflix.lib.errors import EXIT_ERROR, EXIT_NEEDS_PERSON, OperatorError
from popflix.lib.progress import Reporter
from reconcile.feed.feeds import Feed, configured, feed_to_load
from reconcile.feed.load import BATCH_ROWS
from reconcile.feed.load_run import as_object
from reconcile.feed.trying import try_feed
from reconcile.feed.wish import UNIT, read_here
from sync.links.outcome import figures_of

DEFAULT_FILE = "data/allShows.json"  # the seed's
_HOW_TO_GO_ON = "Stopped; no feed is staged by half. Run the same command again."
Say = Callable[[str], None]


@dataclass(frozen=True)
class LoadRequest:
    """What the command was given; nothing of it is needed."""

    where: str | None = None
    source: str | None = None
    zone: str | None = None
    batch_size: int = BATCH_ROWS
    dry_run: bool = False

    def feeds(self) -> list[Feed]:
        """Raises OperatorError where none or another one is meant."""
        if self.where is None and self.source is None:
            known = configured()
            if known and self.zone is None:
                return known
            if len(known) > 1:
                raise OperatorError(
                    "Several feeds are set.", "Say of which the zone is: --source."
                )
            return [feed_to_load(None, known[0].where if known else DEFAULT_FILE, self.zone)]
        return [feed_to_load(self.source, self.where, self.zone)]


def load_here(
    request: LoadRequest, *, stop: StopRequest, say: Say, warn: Say, reporter: Reporter
) -> Report:
    """Load each feed in this process, as a run of its own, and say what came of it.

    Raises OperatorError where the only feed could not be loaded, Busy and Paused.
    """
    feeds, told, failed = request.feeds(), [], 0
    for feed in feeds:
        say("Loading shows from JSON...")
        try:
            told.append(_load(feed, request, stop, reporter))
        except OperatorError as error:
            if len(feeds) == 1:
                raise
            failed += 1
            warn(f"{feed.name}: {error}")
            continue
        for line in lines(told[-1], is_one_of_several=len(feeds) > 1):
            say(line)
        if stop:
            break
    return _ending(told, failed, request, stop)


def _load(
    feed: Feed, request: LoadRequest, stop: StopRequest, reporter: Reporter
) -> dict[str, Any]:
    if request.dry_run:
        result = try_feed(feed, request.batch_size, lambda: bool(stop))
        return {**as_object(result), "run": None, "dry_run": True}
    with read_here(feed, request.zone, request.batch_size) as params:
        outcome = run_at_hand(UNIT, params, stop=stop, reporter=reporter, of_what=feed.name)
    figures = figures_of(outcome, _HOW_TO_GO_ON)
    return {**figures["feeds"][0], "run": outcome.run.pk, "dry_run": False}


def _ending(
    told: Sequence[dict[str, Any]], failed: int, request: LoadRequest, stop: StopRequest
) -> Report:
    data: dict[str, Any] = {"feeds": list(told), "failed": failed, "dry_run": request.dry_run}
    if stop:
        return Report(data, stopped_by=stop.signal_number, how_to_go_on=_HOW_TO_GO_ON)
    if failed or any(each["stopped"] for each in told):
        return Report(data, EXIT_ERROR)
    is_held = any(each["held"] for each in told)
    return Report(data, EXIT_NEEDS_PERSON if is_held else 0)


def lines(told: Mapping[str, Any], *, is_one_of_several: bool = False) -> list[str]:
    """What the object of --json says of one feed, for people; the first lines are the seed's."""
    said = [f"Loaded {told['read']} shows"]
    if told["stopped"]:
        return [f"Stopped after {told['read']:,} shows; staging is as it was."]
    if told["held"]:
        return [*said, f"Held: {told['held']} Staging is as it was: look at the feed."]
    if told["dry_run"]:
        said.append(f"Dry run: {told['staged']:,} shows would be staged; nothing was written.")
    else:
        said.append("Sync table updated successfully.")
    counts = ["staged", "inserted", "updated", "removed", "merged", "quarantined"]
    if told["dry_run"]:
        counts = ["staged", "merged", "quarantined"]
    said.append(", ".join(f"{each.capitalize()}: {told[each]}" for each in counts))
    if told["folds"]:
        said.append(f"{told['folds']} start in an hour that comes twice; the first is taken.")
    if is_one_of_several:
        said.append(f"Feed: {told['source']}")
    return said
