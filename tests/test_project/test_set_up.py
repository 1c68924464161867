"""Set-up installs once, is silent afterwards, and names what a driver lacks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.set_up import Driver, Environment, SetUpError, refuse_interpreter_without_venv

FAKE_PYTHON = """#!/bin/sh
case "$*" in *"pip install"*) ;; *) exit 0 ;; esac
echo "$*" >> {root}/pip-calls
for file in {root}/refused-*; do
  case "$*" in *"${{file##*refused-}}"*) echo "pip says no"; exit 1 ;; esac
done
"""


class Checkout:
    """A folder with requirement files and a stand-in for the interpreter of .venv."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said: list[str] = []
        self.missing: list[str] = []
        for name in ("base", "dev", "bench", "mysql"):
            self.require(name, f"{name}==1")
        python = root / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(FAKE_PYTHON.format(root=root))
        python.chmod(0o755)

    def require(self, name: str, text: str) -> None:
        path = self.root / "requirements" / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def refuse(self, name: str) -> None:
        (self.root / f"refused-{name}").touch()

    def set_up(self, *more: str, retry_drivers: bool = False) -> None:
        drivers = [Driver("mysql", "MariaDB", lambda: self.missing)]
        Environment(self.root, self.said.append, drivers).ensure(
            *more, retry_drivers=retry_drivers
        )

    @property
    def installed(self) -> list[str]:
        """The sets that pip was asked for so far, in order."""
        path = self.root / "pip-calls"
        calls = path.read_text().splitlines() if path.exists() else []
        return [part.rsplit("/", 1)[1] for line in calls for part in line.split(" -r ")[1:]]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_everything_is_installed_once_and_then_nothing_is_said(checkout: Checkout) -> None:
    checkout.set_up()
    assert checkout.installed == ["base.txt", "dev.txt", "mysql.txt"]
    checkout.said.clear()
    checkout.set_up()
    checkout.set_up(retry_drivers=True)
    assert checkout.installed == ["base.txt", "dev.txt", "mysql.txt"]
    assert checkout.said == []


def test_hashes_are_required(checkout: Checkout) -> None:
    checkout.set_up()
    calls = (checkout.root / "pip-calls").read_text().splitlines()
    assert all("--require-hashes" in call for call in calls)


def test_a_changed_set_is_installed_again(checkout: Checkout) -> None:
    checkout.set_up()
    checkout.require("dev", "dev==2")
    checkout.set_up()
    assert checkout.installed[3:] == ["base.txt", "dev.txt"]


def test_a_further_set_is_installed_where_it_is_asked_for(checkout: Checkout) -> None:
    checkout.set_up("bench.txt")
    checkout.set_up("bench.txt")
    assert checkout.installed == ["base.txt", "dev.txt", "bench.txt", "mysql.txt"]


def test_a_required_set_that_fails_is_an_error_with_pips_own_words(checkout: Checkout) -> None:
    checkout.refuse("dev.txt")
    with pytest.raises(SetUpError, match="pip says no\nFix: check the network"):
        checkout.set_up()


def test_a_driver_that_fails_is_one_line_and_set_up_goes_on(checkout: Checkout) -> None:
    checkout.refuse("mysql.txt")
    checkout.missing = ["pkg-config", "libmariadb-dev"]
    checkout.set_up()
    assert checkout.said[-1] == (
        "Without MariaDB: pkg-config libmariadb-dev missing "
        "(apt-get install pkg-config libmariadb-dev, then make setup)."
    )


def test_a_driver_that_fails_for_another_reason_tells_pips_last_word(checkout: Checkout) -> None:
    checkout.refuse("mysql.txt")
    checkout.set_up()
    assert checkout.said[-1] == "Without MariaDB: pip failed (pip says no); try `make setup`."


def test_a_failed_driver_is_tried_again_when_asked_or_when_packages_came(
    checkout: Checkout,
) -> None:
    checkout.refuse("mysql.txt")
    checkout.missing = ["gcc"]
    checkout.set_up()
    checkout.set_up()
    assert checkout.installed.count("mysql.txt") == 1
    checkout.set_up(retry_drivers=True)
    assert checkout.installed.count("mysql.txt") == 2
    checkout.missing = []
    checkout.set_up()
    assert checkout.installed.count("mysql.txt") == 3


@pytest.mark.parametrize("stamp", ["", "{", "[]"])
def test_a_damaged_stamp_only_costs_a_second_installation(checkout: Checkout, stamp: str) -> None:
    checkout.set_up()
    (checkout.root / ".venv" / "popflix-set-up.json").write_text(stamp)
    checkout.set_up()
    assert checkout.installed == ["base.txt", "dev.txt", "mysql.txt"] * 2


def test_a_python_without_venv_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "python3"
    bare.write_text("#!/bin/sh\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    with pytest.raises(SetUpError, match=f"apt-get install python{version}-venv"):
        refuse_interpreter_without_venv()
