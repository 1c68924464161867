"""Undoing change sets: what goes back, what stays because somebody edited it, and undoing that."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from popflix.engine.models import Run, RunStatus
from popflix.engine.runner import execute
from popflix.engine.starting import enqueue
from popflix.lib import field_locks
from popflix.lib.errors import OperatorError
from popflix.lib.models import AuditEntry
from reconcile.changes.models import Change, ChangeSet, Purpose, SetState
from reconcile.changes.types import Row
from reconcile.changes.undo import reversing
from reconcile.changes.undo.undoing import UNIT, preview_undo
from reconcile.feed.lease import Lease
from reconcile.shows.models import MasterShow
from tests.popflix.engine.fakes import FakeClock
from tests.reconcile.changes.rows import at, show
from tests.reconcile.programme import (
    BEFORE,
    decide_all,
    figures,
    in_master,
    load,
    master,
    newest_set,
    reconcile,
    require_identity,
    undo,
    without_ids,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]
DAY = [show(f"{10 + n // 2}:{30 * (n % 2):02}", movie_id=f"F{n}", title=f"Film {n}")
       for n in range(12)]  # fmt: skip
WHOLE_DAY = (at("00:00"), at("23:59"))


class Killed(BaseException):
    """Like a kill: nothing of ours catches it."""


def mixed() -> ChangeSet:
    """One change of each kind, applied: updated, moved, missing, there again, new."""
    away = replace(DAY[3], is_active="N", missing_since=BEFORE)
    in_master([*DAY[:3], away, *DAY[4:]])
    staged = [
        replace(DAY[0], title="New"), replace(DAY[1], screen_name="AUDI 2"), *DAY[3:],
        show("22:00", movie_id="F90"),
    ]  # fmt: skip
    load(staged, covers=WHOLE_DAY)
    reconcile()
    load(staged, covers=WHOLE_DAY)
    reconcile()
    return merged()


def merged() -> ChangeSet:
    """The second load alone declared a show missing: as if one set had done all of it."""
    first, second = ChangeSet.objects.order_by("pk")
    second.changes.update(change_set=first)
    second.delete()
    kinds = set(first.changes.values_list("kind", flat=True))
    assert kinds == {"update", "move", "missing", "revive", "insert"}
    return first


def there(pk: int) -> MasterShow:
    return MasterShow.objects.get(pk=pk)


def test_every_kind_goes_back_and_the_next_load_does_not_bring_it_again() -> None:
    made = mixed()
    before = _before()
    preview = preview_undo(made)
    assert preview.is_possible
    assert dict(preview.rows) == dict.fromkeys(
        ("remove", "update", "move", "revive", "missing"), 1
    )
    told = undo(made.pk)
    assert told["applied"] == 5
    assert {row.id: row for row in master()} == before
    made.refresh_from_db()
    assert set(made.changes.values_list("state", flat=True)) == {"undone"}
    assert made.counts["update"] == {"undone": 1}
    reverse = ChangeSet.objects.get(pk=told["undo"])
    assert (reverse.purpose, reverse.state) == (Purpose.UNDO, SetState.APPLIED)
    again = reconcile()
    require_identity(again)
    assert figures(again) == {"rejected": 4, "unchanged": 8}
    assert {row.id: row for row in master()} == before
    entry = AuditEntry.objects.get(action="undo change set")
    assert (entry.actor_name, entry.why, entry.target) == ("ada", "a test", str(made))


def _before() -> dict[int, Row]:
    """Master as it was before `mixed` had its way, with the ids that it has."""
    ids = {row.movie_id: row.id for row in master()}
    away = replace(DAY[3], is_active="N", missing_since=BEFORE)
    rows = [*DAY[:3], away, *DAY[4:]]
    return {ids[row.movie_id]: replace(row, id=ids[row.movie_id]) for row in rows}


def test_an_undo_is_undone_and_every_row_has_its_number_again() -> None:
    made = mixed()
    after = master()
    first = undo(made.pk)
    second = undo(first["undo"])
    assert second["applied"] == 5
    assert master() == [_like(row, after) for row in master()]
    assert set(made.changes.values_list("state", flat=True)) == {"applied"}
    assert preview_undo(made).is_possible
    third = undo(made.pk)
    assert third["applied"] == 5
    assert {row.id: row for row in master()} == _before()


def _like(row: Row, rows: list[Row]) -> Row:
    """The row as it was; of a missing one when it was declared so is another moment by now."""
    [same] = [each for each in rows if each.id == row.id]
    return same if same.missing_since is None else replace(same, missing_since=row.missing_since)


def test_what_was_edited_since_stays_and_is_listed() -> None:
    old = in_master(DAY)
    load([replace(row, title=f"New {n}") if n < 4 else row for n, row in enumerate(DAY)])
    reconcile()
    made = newest_set()
    ids = {row.movie_id: row.id for row in old}
    MasterShow.objects.filter(pk=ids["F0"]).update(title="By hand")
    MasterShow.objects.filter(pk=ids["F1"]).update(rating="A")  # another field: it goes back
    MasterShow.objects.filter(pk=ids["F2"]).delete()
    field_locks.lock(
        "reconcile.mastershow", ids["F3"], {"title": "New 3"}, mode="forever", by="ada", at=BEFORE
    )
    preview = preview_undo(made)
    whys = {change.master_id: why for change, why in preview.kept}
    assert whys == {
        ids["F0"]: "edited since: title is By hand", ids["F2"]: "the show is gone",
        ids["F3"]: "locked: title",
    }  # fmt: skip
    assert (preview.kept_count, dict(preview.rows)) == (3, {"update": 1})
    told = undo(made.pk)
    assert (told["applied"], told["stale"]) == (1, 3)
    assert there(ids["F0"]).title == "By hand"
    assert (there(ids["F1"]).title, there(ids["F1"]).rating) == ("Film 1", "A")
    assert there(ids["F3"]).title == "New 3"
    states = dict(made.changes.values_list("master_id", "state"))
    assert [states[ids[f"F{n}"]] for n in range(4)] == ["applied", "undone", "applied", "applied"]
    stale = Change.objects.filter(change_set=told["undo"], state="stale")
    assert "edited since: title is By hand" in stale.values_list("reason", flat=True)


def test_what_is_edited_while_it_is_undone_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = in_master(DAY)
    load([replace(DAY[0], title="New"), replace(DAY[1], title="New"), *DAY[2:]])
    reconcile()
    build = reversing.reversals

    def meanwhile(*arguments: Any) -> Any:
        found = build(*arguments)
        MasterShow.objects.filter(pk=old[0].id).update(rating="by hand")
        return found

    monkeypatch.setattr(reversing, "reversals", meanwhile)
    told = undo(newest_set().pk)
    assert (told["applied"], told["stale"]) == (1, 1)
    assert (there(old[0].id).title, there(old[0].id).rating) == ("New", "by hand")


def test_a_first_load_goes_out_but_for_what_was_edited() -> None:
    load(DAY)
    reconcile()
    made = newest_set()
    assert made.changes.get().row_count == 12
    first = MasterShow.objects.order_by("pk")[0]
    first.title = "By hand"
    first.updated_at = BEFORE
    first.save()
    preview = preview_undo(made)
    assert (dict(preview.rows), preview.kept_count) == ({"remove": 11}, 1)
    assert preview.kept[0][1] == "1 of its 12 shows was edited since"
    came = {row.id: row for row in master()}
    told = undo(made.pk)
    assert (told["applied"], told["stale"]) == (11, 1)
    assert [row.title for row in master()] == ["By hand"]
    made.refresh_from_db()
    assert made.counts["insert"] == {"undone": 11, "applied": 1}
    again = reconcile()
    assert again["inserted"] == 0
    assert figures(again) == {"rejected": 11, "updated": 1}
    undo(told["undo"])
    back = {row.id: row for row in master()}
    assert back == {**came, first.pk: replace(came[first.pk], title=DAY[0].title)}


def test_a_first_load_that_was_undone_waits_for_a_person_when_it_changes() -> None:
    load(DAY)
    reconcile()
    undo(newest_set().pk)
    assert master() == []
    assert figures(reconcile()) == {"rejected": 12}
    load([*DAY, show("23:00", movie_id="F90")])
    assert figures(reconcile()) == {"held": 13}
    decide_all(newest_set().pk)
    assert without_ids(master()) == without_ids([*DAY, show("23:00", movie_id="F90")])


def test_what_cannot_be_undone_says_why() -> None:
    in_master(DAY)
    load([replace(DAY[0], title="New"), *DAY[1:]])
    reconcile(review=True)
    made = newest_set()
    with pytest.raises(OperatorError, match="still waits for a person"):
        undo(made.pk)
    assert "still waits" in preview_undo(made).why_not
    decide_all(made.pk)
    told = undo(made.pk)
    with pytest.raises(OperatorError, match=f"was undone by change set {told['undo']}"):
        undo(made.pk)
    load([replace(DAY[0], title="Newer"), *DAY[1:]])
    reconcile(review=True)
    decide_all(newest_set().pk, "reject")
    with pytest.raises(OperatorError, match="Nothing of change set"):
        undo(newest_set().pk)


def test_shows_that_moved_into_each_others_places_move_back() -> None:
    chain = [show(f"{10 + n}:00", movie_id="F1", length=50 + n, title=f"Film {n}", rating=str(n))
             for n in range(3)]  # fmt: skip
    old = in_master([*chain, *DAY[3:]])
    staged = [replace(row, show_time=row.show_time + dt.timedelta(minutes=15)) for row in chain]
    load([*staged, *DAY[3:]])
    assert figures(reconcile())["moved"] == 3
    told = undo(newest_set().pk)
    assert told["applied"] == 3
    assert master() == old


@pytest.mark.parametrize(("size", "late"), [(1, 4), (3, 2)])
def test_a_run_that_breaks_off_twice_comes_to_the_same_end(
    size: int, late: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = mixed()
    before = _before()
    monkeypatch.setattr(reversing, "CHANGES_A_PAGE", size)
    params = {"change_set": made.pk, "why": "a test", "by": "ada"}
    clock = FakeClock()
    run = enqueue(UNIT, params, trigger="command", clock=clock)
    for commits in (1, late):
        with monkeypatch.context() as patch:
            patch.setattr(Lease, "prolong", _killing(commits))
            with pytest.raises(Killed):
                execute(run.pk, clock=clock)
        assert not ChangeSet.objects.filter(purpose="undo", state=SetState.APPLIED).exists()
        Run.objects.filter(pk=run.pk).update(status=RunStatus.QUEUED)
        clock(120)
    execute(run.pk, clock=clock)
    run.refresh_from_db()
    assert (run.status, run.result["applied"]) == (RunStatus.COMPLETED, 5)
    assert {row.id: row for row in master()} == before
    assert ChangeSet.objects.filter(purpose="undo").count() == 1


def _killing(after: int) -> Any:
    left = iter(range(after))

    def prolong(self: Lease) -> None:
        if next(left, None) is None:
            raise Killed

    return prolong


def test_the_next_judgement_finishes_an_undo_that_broke_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = mixed()
    before = _before()
    with monkeypatch.context() as patch:
        patch.setattr(Lease, "prolong", _killing(2))
        with pytest.raises(Killed):
            undo(made.pk)
    assert figures(reconcile()) == {"rejected": 4, "unchanged": 8}
    assert {row.id: row for row in master()} == before


# --- what came between the set and its undoing ---------------------------------------------------


def again(staged: list[Row]) -> dict[str, int]:
    """Another load of these shows, judged; each staged row is counted once."""
    load(staged, covers=WHOLE_DAY)
    told = reconcile()
    require_identity(told)
    return figures(told)


def test_a_show_that_came_with_it_and_moved_since_stays() -> None:
    in_master(DAY)
    new = show("21:00", movie_id="F90", length=99)
    assert again([*DAY, new]) == {"inserted": 1, "unchanged": 12}
    made = newest_set()
    moved = replace(new, show_time=at("21:30"))
    assert again([*DAY, moved]) == {"moved": 1, "unchanged": 12}
    preview = preview_undo(made)
    assert [why for _, why in preview.kept] == ["edited since: begins is 2026-01-31 21:30 UTC"]
    told = undo(made.pk)
    assert (told["applied"], told["stale"]) == (0, 1)
    assert again([*DAY, moved]) == {"unchanged": 13}
    assert without_ids(master()) == without_ids([*DAY, moved])


def test_a_missing_show_that_a_later_load_had_again_stays() -> None:
    in_master(DAY)
    again(DAY[:-1])
    assert again(DAY[:-1]) == {"missing": 1, "unchanged": 11}
    made = newest_set()
    assert again(DAY) == {"revived": 1, "unchanged": 11}
    later = newest_set()
    assert [why for _, why in preview_undo(made).kept] == ["edited since: it is there again"]
    assert undo(made.pk)["stale"] == 1
    assert again(DAY) == {"unchanged": 12}
    assert undo(later.pk)["applied"] == 1
    assert MasterShow.objects.get(movie_id="F11").missing_since is not None
    assert again(DAY) == {"rejected": 1, "unchanged": 11}


def test_undoing_what_a_later_load_wrote_over_keeps_the_later_word() -> None:
    in_master(DAY)
    again([replace(DAY[0], title="Two"), *DAY[1:]])
    made = newest_set()
    again([replace(DAY[0], title="Three"), *DAY[1:]])
    later = newest_set()
    assert undo(made.pk)["stale"] == 1
    assert undo(later.pk)["applied"] == 1
    assert [why for _, why in preview_undo(made).kept] == []
    assert undo(made.pk)["applied"] == 1, "by now it is the newest word"
    assert without_ids(master()) == without_ids(DAY)
    assert again([replace(DAY[0], title="Three"), *DAY[1:]])["unchanged"] == 11


def test_what_was_undone_is_not_applied_along_with_something_else() -> None:
    """The feed still says the undone title, and another rating since: a person has to look."""
    in_master(DAY)
    again([replace(DAY[0], title="Wrong"), *DAY[1:]])
    undo(newest_set().pk)
    staged = [replace(DAY[0], title="Wrong", rating="A"), *DAY[1:]]
    assert again(staged) == {"held": 1, "unchanged": 11}
    waiting = Change.objects.get(change_set=newest_set())
    assert "title" in waiting.reason
    assert again([replace(DAY[0], rating="A"), *DAY[1:]]) == {"updated": 1, "unchanged": 11}
