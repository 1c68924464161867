"""What a run of `retry-dead-letters` has done so far: kept in its `result`, in the commit of
each chunk, so that it goes on where it was after a hand-over or a kill."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from popflix.engine.deadletters.letters import Group, Letter
from popflix.engine.models import Run


class Stage(StrEnum):
    GOING = "going"
    SAMPLING = "sampling"
    DONE = "done"
    STOPPED = "stopped"  # too few of the sample passed, or none can be retried now


class Entry:
    """One group's part of the ledger."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Around a commit: what is noted inside is forgotten when the commit fails."""
        before = copy.deepcopy(self.data)
        try:
            yield
        except BaseException:
            self.data.clear()
            self.data.update(before)
            raise

    @property
    def stage(self) -> Stage:
        return Stage(self.data["stage"])

    @stage.setter
    def stage(self, stage: Stage) -> None:
        self.data["stage"] = str(stage)
        if stage is not Stage.SAMPLING:
            self.data.pop("sample", None)

    @property
    def sample(self) -> list[Letter]:
        """The letters that were retried first."""
        return [
            Letter(key, dt.datetime.fromisoformat(at), kind, "")
            for key, at, kind in self.data.get("sample", [])
        ]

    def begin_sample(self, letters: Sequence[Letter], now: dt.datetime) -> None:
        self.stage = Stage.SAMPLING
        self.data["sample"] = [[each.key, each.at.isoformat(), each.kind] for each in letters]
        self.data["sampled_at"] = now.isoformat()

    @property
    def sampled_at(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.data["sampled_at"])

    @property
    def after(self) -> Letter | None:
        """The last letter that was looked at."""
        at = self.data.get("after")
        return Letter(at[0], dt.datetime.fromisoformat(at[1]), "", "") if at else None

    def count(self, letters: Sequence[Letter], put_back: int, refused: dict[str, str]) -> None:
        last = letters[-1]
        self.data["after"] = [last.key, last.at.isoformat()]
        self.data["retried"] += put_back
        self.data["refused"] += len(refused)
        if refused:
            self.data["why_refused"] = next(iter(refused.values()))


class Ledger:
    def __init__(self, data: dict[str, Any], now: dt.datetime) -> None:
        self.data = {"until": now.isoformat(), "retried": 0, "refused": 0, "groups": {}, **data}

    @classmethod
    def load(cls, run_id: int, now: dt.datetime) -> Ledger:
        found = Run.objects.filter(pk=run_id).values_list("result", flat=True).first()
        return cls(dict(found or {}), now)

    def save(self, run_id: int) -> None:
        """Within a commit of the run."""
        groups = self.data["groups"].values()
        self.data["retried"] = sum(entry["retried"] for entry in groups)
        self.data["refused"] = sum(entry["refused"] for entry in groups)
        Run.objects.filter(pk=run_id).update(
            result=self.data,
            done_count=self.done,
            ok_count=self.data["retried"],
            failed_count=self.data["refused"],
        )

    @property
    def until(self) -> dt.datetime:
        """What was given up later failed again, maybe for us: it is left."""
        return dt.datetime.fromisoformat(self.data["until"])

    @property
    def done(self) -> int:
        """How many letters were looked at."""
        return int(self.data["retried"] + self.data["refused"])

    def find(self, group: Group) -> Entry | None:
        data = self.data["groups"].get(group.id)
        return Entry(data) if data is not None else None

    def open(self, group: Group) -> Entry:
        data: dict[str, Any] = {
            "source": group.source,
            "unit": group.unit,
            "kind": group.kind,
            "error": group.text,
            "letters": group.count,
            "stage": str(Stage.GOING),
            "retried": 0,
            "refused": 0,
        }
        self.data["groups"][group.id] = data
        return Entry(data)

    def close(self) -> None:
        """Nothing is left to be done; a sample that has no rest needs no judgement any more."""
        for data in self.data["groups"].values():
            if data["stage"] in (Stage.GOING, Stage.SAMPLING):
                Entry(data).stage = Stage.DONE
