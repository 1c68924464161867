"""What persons approved, into master: the units `apply-changes` and `decide-changes`.

    decide → approved → apply_soon → a run holds the source → applied → the set says so

No wish is lost: a run that comes while others work waits for a slot under the name of its set,
and each looks, in the commit with which it ends, whether something was approved meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial

from popflix.engine.context import RunContext
from popflix.engine.creating import Order
from popflix.engine.models import Run, RunStatus
from popflix.engine.pauses import Paused, require_not_paused
from popflix.engine.registry import registry
from popflix.engine.slots import Busy, active_keys
from popflix.engine.starting import start
from popflix.lib import audit
from popflix.lib.clock import SYSTEM_CLOCK, Clock
from popflix.lib.errors import OperatorError
from popflix.lib.locks import again_when_locked
from popflix.lib.people import os_user
from reconcile.changes.approval import carrying
from reconcile.changes.approval.choosing import Choice, clean_choice
from reconcile.changes.approval.deciding import DECIDABLE, Verdict, decide_in, require_open
from reconcile.changes.approval.wanting import APPROVE, asked_by
from reconcile.changes.models import ChangeSet, ChangeState

UNIT, DECIDE_UNIT = "apply-changes", "decide-changes"
SLOTS = 3  # sources; of one source the lease lets one at a time
ROWS_A_COMMIT = 1000
_LONGEST_WHY = 200


# --- apply --------------------------------------------------------------------------------------


def clean_params(params: Mapping[str, object]) -> dict[str, object]:
    """Of `apply-changes`. Raises OperatorError."""
    require_known(params, ("change_set", "by"))
    return {"change_set": clean_choice(params).change_set, "by": str(params.get("by") or "")}


def apply_changes(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit; returns what of the set is in master by now."""
    return carrying.carry(ctx, int(str(ctx.params["change_set"])))


def apply_soon(change_set: int, *, by: str, clock: Clock = SYSTEM_CLOCK) -> str:
    """Tell in a sentence who applies what is approved, or what keeps it from being applied.

    Call it once the decision is committed.
    """
    queued = Run.objects.filter(active_keys(UNIT), status=RunStatus.QUEUED).order_by("pk")
    try:
        require_not_paused(UNIT)
        for run in queued:
            if run.params.get("change_set") == change_set:
                return f"Run {run.pk} applies it."  # it has not looked yet
        params: dict[str, object] = {"change_set": change_set, "by": by}
        order = Order(
            registry.get(UNIT), params, "admin", on_queue=True,
            waits_as=f"set-{change_set}", told={"by": by} if by else {},
        )  # fmt: skip
        run = start(order, clock.now(), registry)
    except Busy as busy:
        return f"Run {busy.holders[-1].pk if busy.holders else ''} applies it."
    except Paused as paused:
        return f"It is approved, and applied once that goes on again: {paused.cause}"
    return f"Run {run.pk} applies it."


# --- decide all that match ----------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    choice: Choice
    verdict: Verdict
    why: str
    by: str

    @property
    def state(self) -> str:
        """What nobody narrowed to a state are those that wait."""
        return self.choice.state or ChangeState.HELD


def clean_decision(params: Mapping[str, object]) -> dict[str, object]:
    """The stored form: the filter, the verdict, why, and who asked. Raises OperatorError."""
    require_known(params, (*Choice.__dataclass_fields__, "verdict", "why", "by"))
    choice = clean_choice(params)
    verdict = str(params.get("verdict") or "")
    if verdict not in list(Verdict):
        raise OperatorError(
            f"The verdict is {verdict or 'missing'}.", f"Give {' or '.join(Verdict)}."
        )
    if choice.state and choice.state not in DECIDABLE:
        raise OperatorError(
            f"What is {choice.state} cannot be decided.", f"Choose {', '.join(DECIDABLE)}."
        )
    return {**asdict(choice), "verdict": verdict, **reasoned(params)}


def decide_changes(ctx: RunContext) -> Mapping[str, object]:
    """Body of the unit: page by page in the order of the changes, then into master."""
    wish = _wish(ctx)
    result = _earlier(ctx)
    if not result.get("is_decided"):
        _require_open(wish)
        ctx.progress(total=_behind(wish, result).count())
        while page := list(_behind(wish, result).values_list("pk", flat=True)[:ROWS_A_COMMIT]):
            if ctx.should_stop():
                return result
            result = again_when_locked(partial(_decide_page, ctx, wish, page, result))
        result = {**result, "is_decided": True}
    return {**result, **carrying.carry(ctx, wish.choice.change_set)}


def _wish(ctx: RunContext) -> Wish:
    params = clean_decision(ctx.params)
    by = asked_by(ctx, APPROVE, str(params["by"]))
    return Wish(clean_choice(params), Verdict(str(params["verdict"])), str(params["why"]), by)


def _require_open(wish: Wish) -> None:
    require_open(ChangeSet.objects.get(pk=wish.choice.change_set))


def _behind(wish: Wish, result: Mapping[str, object]):  # type: ignore[no-untyped-def]
    """What is left to decide; what groups pulled in is decided by then."""
    changes = wish.choice.changes().filter(state=wish.state).exclude(state=wish.verdict.state)
    return changes.filter(pk__gt=int(str(result.get("after", 0))))


def _decide_page(
    ctx: RunContext, wish: Wish, page: list[int], earlier: Mapping[str, object]
) -> Mapping[str, object]:
    """One commit of a page and of the place where it ends, which is returned."""
    now = ctx.now()
    with ctx.commit(done=len(page), ok=len(page)):
        if not earlier:
            _record(ctx, wish)
        decided = decide_in(page, wish.verdict, by=wish.by, why=wish.why, now=now)
        count, linked = (int(str(earlier.get(name, 0))) for name in ("decided", "linked"))
        result = {
            "after": page[-1], "decided": count + decided.count, "linked": linked + decided.linked,
        }  # fmt: skip
        Run.objects.filter(pk=ctx.run_id).update(result=result)
    return result


def _record(ctx: RunContext, wish: Wish) -> None:
    """Once, before anything is changed."""
    told = ", ".join(value for _, value in wish.choice.words()) or "all that wait"
    audit.record(
        wish.by, f"{wish.verdict} changes", at=ctx.now(), why=wish.why,
        target=f"change set {wish.choice.change_set}: {told}",
        count=_behind(wish, {}).count(), details={**asdict(wish.choice), "run": ctx.run_id},
    )  # fmt: skip


def _earlier(ctx: RunContext) -> Mapping[str, object]:
    """Where this run, or the failed one that it retries, had come to."""
    run: Run = Run.objects.get(pk=ctx.run_id)
    while "after" not in run.result and run.retry_of is not None:
        run = run.retry_of
    return dict(run.result) if "after" in run.result else {}


# --- parameters ---------------------------------------------------------------------------------


def require_known(params: Mapping[str, object], known: tuple[str, ...]) -> None:
    """Raises OperatorError."""
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise OperatorError(
            f"There is no parameter {unknown[0]}.", f"Known are {', '.join(known)}."
        )


def reasoned(params: Mapping[str, object]) -> dict[str, object]:
    """Why, and in whose name: the shell account's where nobody is named. Raises OperatorError."""
    why = str(params.get("why") or "").strip()[:_LONGEST_WHY]
    if not why:
        raise OperatorError("A decision on many changes needs a reason.", "Say why, as why=…")
    return {"why": why, "by": str(params.get("by") or "") or os_user()}
