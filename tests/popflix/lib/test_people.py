"""Who gives a command is always somebody."""

from __future__ import annotations

import getpass
import os

import pytest

from popflix.lib.people import os_user


@pytest.mark.parametrize("trouble", [KeyError("uid not found"), OSError("no such user")])
def test_an_account_without_a_name_is_its_number(
    trouble: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise trouble

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert os_user() == f"uid {os.getuid()}"
