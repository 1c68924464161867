"""Bytes come unpacked from files, addresses and standard input, and every break is noticed."""

from __future__ import annotations

import gzip
import io
import random
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from popflix.lib.bulk import BrokenSource, ahead, open_source
from popflix.lib.errors import OperatorError

# Barely compressible, so that a cut hits in the middle of many blocks.
TEXT = random.Random(1).randbytes(300_000).hex().encode()


def content(where: str | Path, size: int = 1 << 16) -> bytes:
    with open_source(str(where)) as source:
        return b"".join(source.pieces(size))


def stored(folder: Path, data: bytes, name: str = "titles.tsv.gz") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("size", [1, 7, 1 << 16, 1 << 22])
def test_gzip_is_known_by_its_first_bytes_whatever_the_name(tmp_path: Path, size: int) -> None:
    text = TEXT[: 5000 * size]
    assert content(stored(tmp_path, gzip.compress(text), "titles.txt"), size) == text


def test_a_highly_packed_end_is_not_taken_for_a_cut(tmp_path: Path) -> None:
    """All input is used up while zlib still holds output: megabytes of one letter."""
    text = b"a" * 5_000_000
    assert content(stored(tmp_path, gzip.compress(text)), 1000) == text


def test_plain_text_comes_as_it_is(tmp_path: Path) -> None:
    assert content(stored(tmp_path, TEXT, "titles.tsv.gz")) == TEXT


def test_an_empty_file_is_empty(tmp_path: Path) -> None:
    assert content(stored(tmp_path, b"")) == b""


def test_several_gzip_members_with_padding_are_one_text(tmp_path: Path) -> None:
    packed = gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:]) + b"\0" * 512
    assert content(stored(tmp_path, packed)) == TEXT


@pytest.mark.parametrize("missing", [1, 4, 8, 9, 100_000])
def test_a_cut_gzip_gives_what_came_before_and_then_an_error(tmp_path: Path, missing: int) -> None:
    packed = gzip.compress(TEXT)
    got: list[bytes] = []
    with (
        open_source(str(stored(tmp_path, packed[:-missing]))) as source,
        pytest.raises(BrokenSource, match="end in the middle"),
    ):
        got.extend(source.pieces())
    assert got
    assert TEXT.startswith(b"".join(got))


def test_damage_in_the_middle_is_an_error(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[-20:-10] = b"0123456789"
    with pytest.raises(BrokenSource, match="damaged"):
        content(stored(tmp_path, bytes(packed)))


def test_other_bytes_behind_the_end_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(BrokenSource, match="damaged"):
        content(stored(tmp_path, gzip.compress(TEXT) + b"<html>"))


def test_size_and_position_are_those_of_the_stored_bytes(tmp_path: Path) -> None:
    packed = gzip.compress(TEXT)
    with open_source(str(stored(tmp_path, packed))) as source:
        assert (source.name, source.size, source.position) == ("titles.tsv.gz", len(packed), 0)
        list(source.pieces())
        assert source.position == len(packed)


def test_standard_input_is_read_for_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(TEXT))))
    assert content("-") == TEXT


@pytest.mark.parametrize("name", ["nothing-here.tsv", "."])
def test_a_path_that_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(OperatorError) as raised:
        content(tmp_path / name)
    assert "cannot be read" in raised.value.cause
    assert "Give the path" in raised.value.cure


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if "missing" in self.path:
            self.send_error(404)
            return
        packed = gzip.compress(TEXT)
        self.send_response(200)
        self.send_header("Content-Length", str(len(packed)))
        if "encoded" in self.path:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(packed[: len(packed) // 2] if "cut" in self.path else packed)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_address[1]}"
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.mark.parametrize("path", ["/titles.tsv.gz?key=planted", "/encoded/titles.tsv.gz"])
def test_an_address_is_streamed_and_named_without_its_query(server: str, path: str) -> None:
    with open_source(server + path) as source:
        assert source.name == "titles.tsv.gz"
        assert b"".join(source.pieces()) == TEXT
        assert source.position == source.size


def test_a_download_that_breaks_off_is_noticed(server: str) -> None:
    with pytest.raises(BrokenSource) as raised:
        content(f"{server}/cut.gz?key=planted")
    assert "planted" not in str(raised.value)


@pytest.mark.parametrize("address", ["{}/missing?key=planted", "http://u:planted@127.0.0.1:1/x"])
def test_an_address_without_a_file_is_one_sentence_without_secrets(
    server: str, address: str
) -> None:
    with pytest.raises(OperatorError) as raised:
        content(address.format(server))
    assert "cannot be downloaded" in raised.value.cause
    assert "planted" not in str(raised.value)
    assert "planted" not in "".join(traceback.format_exception(raised.value))


def test_an_address_without_a_file_is_named_with_its_port(server: str) -> None:
    with pytest.raises(OperatorError) as raised:
        content(f"{server}/missing?key=planted")
    assert raised.value.cause.startswith(f"{server}/missing cannot be downloaded")


def test_items_made_ahead_come_in_order() -> None:
    assert list(ahead(range(100), 3)) == list(range(100))


def test_an_error_ahead_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise BrokenSource("here")

    got: list[int] = []
    with pytest.raises(BrokenSource, match="here"):
        got.extend(ahead(items(), 5))
    assert got == [1, 2]


def test_a_consumer_that_leaves_ends_the_producer_and_nothing_made_is_lost() -> None:
    made: list[int] = []
    unused: list[int] = []
    ended = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                made.append(len(made))
                yield made[-1]
        finally:
            ended.set()

    with closing(ahead(endless(), 2, unused.append)) as items:
        assert next(items) == 0
        while len(made) < 4:  # two wait, one is in hand
            time.sleep(0.001)
    assert ended.wait(5)
    assert sorted(unused) == made[1:]
