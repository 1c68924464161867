"""Files that runs attach."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from popflix.engine import files, runs
from popflix.engine.context import FenceLost, RunContext
from popflix.engine.models import Run, RunFile, RunStatus
from popflix.lib.errors import OperatorError
from tests.popflix.engine.fakes import FakeClock, FakeStop, registered

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def ctx(clock: FakeClock, stop: FakeStop) -> Iterator[RunContext]:
    with registered(lambda ctx: None):
        run = runs.create_run("demo", {}, trigger="command", clock=clock, status=RunStatus.RUNNING)
        yield RunContext(run, clock=clock, stop=stop)


def test_a_file_comes_back_as_it_was_attached(ctx: RunContext, clock: FakeClock) -> None:
    every_byte = bytes(range(256)) * 300
    ctx.attach("all.bin", every_byte)
    assert files.open_file(ctx.run_id, "all.bin").read() == every_byte
    stored = RunFile.objects.get()
    assert (stored.size, stored.content_type) == (76_800, "application/octet-stream")
    assert stored.created_at == clock.now()
    assert str(stored) == "all.bin"


def test_text_is_kept_as_utf_8(ctx: RunContext) -> None:
    ctx.attach("notes.txt", "45° — früh")
    ctx.attach("notes.csv", "a,b", content_type="text/csv")
    assert files.open_file(ctx.run_id, "notes.txt").read().decode() == "45° — früh"
    types = [each.content_type for each in files.files_of(ctx.run_id)]
    assert types == ["text/csv", "text/plain; charset=utf-8"]


def test_a_repeated_run_replaces_its_file(ctx: RunContext) -> None:
    ctx.attach("notes.txt", "first, and longer")
    ctx.attach("notes.txt", "second")
    assert files.open_file(ctx.run_id, "notes.txt").read() == b"second"
    assert RunFile.objects.get().size == 6


def test_a_file_is_part_of_the_open_commit(ctx: RunContext) -> None:
    with contextlib.suppress(KeyError), ctx.commit(done=1):
        ctx.attach("notes.txt", "half")
        raise KeyError
    assert not RunFile.objects.exists()


def test_whoever_lost_the_run_attaches_nothing(ctx: RunContext) -> None:
    Run.objects.update(fence=7)
    with pytest.raises(FenceLost):
        ctx.attach("notes.txt", "late")
    assert not RunFile.objects.exists()


@pytest.mark.parametrize("name", ["", "..", " ", "a/b.txt", "a\\b.txt", "a\nb", "\x00", "x" * 151])
def test_a_name_that_leads_elsewhere_is_refused(ctx: RunContext, name: str) -> None:
    with pytest.raises(OperatorError, match="cannot be the name of a run's file"):
        ctx.attach(name, b"")


@pytest.mark.parametrize("kind", ["", "text", "text/csv\r\nSet-Cookie: a=b", "a/" + "b" * 99])
def test_a_type_that_is_no_header_is_refused(ctx: RunContext, kind: str) -> None:
    with pytest.raises(OperatorError, match="is no content type"):
        ctx.attach("notes.txt", b"", content_type=kind)


def test_a_file_that_is_too_large_is_refused_with_its_size(ctx: RunContext) -> None:
    with pytest.raises(OperatorError, match=r"dump.bin has 7\.5 MiB.* at most 7\."):
        ctx.attach("dump.bin", bytes(7 * 1024 * 1024 + 512 * 1024))


def test_the_largest_file_fits(ctx: RunContext) -> None:
    largest = b"\0" * files.LARGEST_BYTES  # each byte is sent as two
    ctx.attach("dump.bin", largest)
    assert files.open_file(ctx.run_id, "dump.bin").read() == largest


def test_a_process_hands_out_the_files_of_its_workers(ctx: RunContext) -> None:
    child = Run.objects.get(pk=ctx.run_id)
    parent = Run.objects.create(unit="all", trigger="command", queued_at=child.queued_at)
    Run.objects.filter(pk=child.pk).update(parent=parent)
    ctx.attach("notes.txt", "of a step")
    assert files.open_file(parent.pk, "notes.txt").read() == b"of a step"


def test_a_file_that_is_not_there_is_told_with_those_that_are(ctx: RunContext) -> None:
    with pytest.raises(OperatorError, match=r"has no file a\.txt\. Its files: none\."):
        files.open_file(ctx.run_id, "a.txt")
    ctx.attach("b.txt", "")
    with pytest.raises(OperatorError, match=r"Its files: b\.txt\."):
        files.open_file(ctx.run_id, "a.txt")
