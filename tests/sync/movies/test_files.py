"""Bodies come back byte for byte from a folder or a ZIP; what is damaged is named and left out."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from popflix.lib.errors import OperatorError
from sync.movies import archives
from sync.movies.bodies import pack, unpack
from sync.movies.body_folder import BodyFolder
from sync.movies.files import MANIFEST, Damaged, FoundBody, count_bodies, read_bodies

NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
BODIES = {("movie", 1): b'{"id": 1}', ("movie", 2): b'{"id": 2}', ("tv", 1): b'{"id": 1, "n": 2}'}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "bodies of today"
    with BodyFolder(path) as writer:
        for (media_type, number), body in BODIES.items():
            writer.write(media_type, number, body, fetched_at=NOW)
    return path


def zipped(folder: Path, prefix: str = "") -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, prefix + file.relative_to(folder).as_posix())
    return path


def found(path: Path) -> dict[tuple[str | None, int | None], bytes]:
    return {
        (each.media_type, each.tmdb_id): each.body
        for each in read_bodies(path)
        if isinstance(each, FoundBody)
    }


def damaged(path: Path) -> list[Damaged]:
    return [each for each in read_bodies(path) if isinstance(each, Damaged)]


def body_file(folder: Path, number: int = 2) -> Path:
    with BodyFolder(folder) as writer:
        line = writer.holds("movie", number)
        assert line is not None
        return folder / line.path


@pytest.mark.parametrize(
    "packed",
    [lambda folder: folder, zipped, lambda folder: zipped(folder, "some/where/")],
    ids=["folder", "zip", "zip of the folder itself"],
)
def test_what_was_written_is_read(folder: Path, packed: Callable[[Path], Path]) -> None:
    path = packed(folder)
    assert found(path) == BODIES
    assert not damaged(path)
    assert count_bodies(path) == 3
    assert {each.fetched_at for each in read_bodies(path) if isinstance(each, FoundBody)} == {NOW}


def test_one_more_run_finds_what_is_held_and_adds_to_it(folder: Path) -> None:
    with BodyFolder(folder) as writer:
        held = writer.holds("movie", 2)
        assert held is not None
        assert held.fetched_at == NOW
        assert writer.holds("movie", 3) is None
        assert writer.keys == set(BODIES)
        writer.write("movie", 2, b'{"id": 2, "new": 1}', fetched_at=NOW + dt.timedelta(1))
        writer.write("movie", 3, b'{"id": 3}', fetched_at=NOW)
    assert found(folder) == BODIES | {
        ("movie", 2): b'{"id": 2, "new": 1}',
        ("movie", 3): b'{"id": 3}',
    }


def test_equal_bodies_are_one_file(tmp_path: Path) -> None:
    with BodyFolder(tmp_path) as writer:
        for number in (1, 2):
            writer.write("movie", number, b"{}", fetched_at=NOW)
    assert len(list(tmp_path.rglob("*.json"))) == 1
    assert len(found(tmp_path)) == 2


def test_a_changed_a_cut_and_a_lost_body_are_named_and_skipped(folder: Path) -> None:
    changed = body_file(folder, 2)
    changed.write_bytes(b'{"id": 9}')
    lost = body_file(folder, 1)
    lost.unlink()
    assert found(folder) == {("tv", 1): BODIES["tv", 1]}
    told = {Path(each.name).name: each.why for each in damaged(folder)}
    assert told == {
        changed.name: "is not what the manifest says of it (movie 2)",
        lost.name: "is not there (movie 1)",
    }
    with BodyFolder(folder) as writer:
        assert writer.holds("movie", 1) is None


def test_a_cut_body_is_fetched_again(folder: Path) -> None:
    cut = body_file(folder)
    cut.write_bytes(b'{"id"')
    assert len(damaged(folder)) == 1
    with BodyFolder(folder) as writer:
        assert writer.holds("movie", 2) is None
        writer.write("movie", 2, BODIES["movie", 2], fetched_at=NOW)
    assert found(folder) == BODIES
    assert not damaged(folder)


def test_a_last_line_that_a_kill_cut_is_forgotten(folder: Path) -> None:
    manifest = folder / MANIFEST
    manifest.write_bytes(manifest.read_bytes()[:-30])
    assert len(found(folder)) == 2
    assert not damaged(folder)
    with BodyFolder(folder) as writer:
        writer.write("tv", 1, BODIES["tv", 1], fetched_at=NOW)
    assert found(folder) == BODIES
    assert not damaged(folder)


@pytest.mark.parametrize(
    "line",
    [
        b"what?",
        b"{}",
        b"[]",
        b'{"media_type": "movie", "tmdb_id": 1, "sha256": "../../x", "size": 1, '
        b'"fetched_at": "2026-11-01T12:00:00+00:00"}',
    ],
)
def test_a_line_that_is_none_is_named(folder: Path, line: bytes) -> None:
    manifest = folder / MANIFEST
    manifest.write_bytes(line + b"\n" + manifest.read_bytes())
    assert found(folder) == BODIES
    (told,) = damaged(folder)
    assert told.name == "manifest.jsonl line 1"
    assert told.why.startswith("is no line of a manifest: ")


def test_a_plain_folder_of_bodies_is_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(b'{"id": 1}')
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "two.JSON").write_bytes(b'{"id": 2}')
    (tmp_path / ".hidden.json").write_bytes(b"{}")
    (tmp_path / "notes.txt").write_bytes(b"notes")
    for path in (tmp_path, zipped(tmp_path)):
        assert list(read_bodies(path)) == [
            FoundBody("1.json", b'{"id": 1}'),
            FoundBody("more/two.JSON", b'{"id": 2}'),
        ]
        assert count_bodies(path) == 2


def test_a_zip_whose_bytes_rotted_names_the_file(folder: Path) -> None:
    path = zipped(folder)
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        info = next(each for each in archive.infolist() if each.filename.endswith(".json"))
    start = info.header_offset + 30 + len(info.filename)
    path.write_bytes(whole[:start] + b"\xff\xff" + whole[start + 2 :])
    (told,) = damaged(path)
    assert told.name == info.filename
    assert told.why.startswith("is damaged: ")
    assert len(found(path)) == 2


def test_a_body_beyond_all_measure_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1.json").write_bytes(b" " * 100)
    monkeypatch.setattr(archives.Folder.read, "__defaults__", (50,))
    assert damaged(tmp_path) == [Damaged("1.json", "has more than 50 bytes")]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "There is no"),
        (lambda path: path.write_bytes(b"PK\3\4 cut"), "neither a folder nor a whole ZIP"),
    ],
)
def test_what_is_neither_folder_nor_zip_is_refused(
    tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "bodies.zip"
    make(path)
    with pytest.raises(OperatorError, match=words):
        list(read_bodies(path))


def test_two_writers_do_not_share_a_folder(folder: Path) -> None:
    with BodyFolder(folder), pytest.raises(OperatorError, match="Another process"):
        BodyFolder(folder)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OperatorError, match="cannot be written"):
        BodyFolder(tmp_path / "file" / "below")


def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "more" / MANIFEST).mkdir(parents=True)
    path = zipped(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(MANIFEST, b" " * 100)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(MANIFEST)
    rotten = bytearray(path.read_bytes())
    rotten[info.header_offset + 30 + len(MANIFEST)] ^= 0xFF
    path.write_bytes(rotten)
    (told,) = damaged(path)
    assert told.name == MANIFEST
    assert told.why.startswith("is damaged: ")


def test_what_is_not_there_or_no_file_is_damage(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    with (
        archives.open_archive(tmp_path) as folder,
        pytest.raises(archives.Damage, match=r"cannot be read: "),
    ):
        folder.read("folder.json")
    with (
        archives.open_archive(zipped(tmp_path)) as packed,
        pytest.raises(archives.Damage, match="is not there"),
    ):
        packed.read("1.json")


def test_an_encrypted_body_is_damage(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(b'{"id": 1}')
    path = zipped(tmp_path)
    packed = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(mark) + place] |= 1  # says that it is encrypted
    path.write_bytes(packed)
    assert damaged(path) == [Damaged("1.json", "is encrypted")]


@pytest.mark.parametrize("cut", [slice(0, -4), slice(1, None)])
def test_a_stored_payload_that_is_not_whole_is_told(cut: slice) -> None:
    packed = pack(b'{"id": 1}').packed
    assert unpack(packed) == b'{"id": 1}'
    with pytest.raises(ValueError, match="the stored payload is damaged"):
        unpack(packed[cut])
