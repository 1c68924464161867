"""The key is given, or kept once for the embedded database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from popflix.lib.errors import ConfigurationError
from popflix.lib.secret_key import secret_key


def test_a_given_key_is_used_and_nothing_is_written(tmp_path: Path) -> None:
    assert secret_key("given", tmp_path, may_generate=True) == "given"
    assert list(tmp_path.iterdir()) == []


def test_a_generated_key_is_kept_for_the_owner_alone(tmp_path: Path) -> None:
    var = tmp_path / "var"
    key = secret_key("", var, may_generate=True)
    assert len(key) >= 50
    assert secret_key("", var, may_generate=True) == key
    assert [each.name for each in var.iterdir()] == ["secret_key"]
    assert (var / "secret_key").stat().st_mode & 0o077 == 0


def test_a_shared_database_needs_a_given_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        secret_key("", tmp_path, may_generate=False)
    assert caught.value.cause.startswith("SECRET_KEY is not set")
    assert ".env" in caught.value.cure


def test_of_two_that_start_at_once_both_get_the_winners_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def after_another_process(source: Path, target: Path) -> None:
        Path(target).write_text("the winner's")
        link(source, target)

    monkeypatch.setattr(os, "link", after_another_process)
    assert secret_key("", tmp_path, may_generate=True) == "the winner's"
    assert [each.name for each in tmp_path.iterdir()] == ["secret_key"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError) as caught:
        secret_key("", tmp_path / "file" / "var", may_generate=True)
    assert str(tmp_path / "file" / "var") in caught.value.cause
    assert "POPFLIX_VAR" in caught.value.cure
