""".env.example and docs/configuration.md name exactly the variables that the code reads."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.site import ROOT, Site

OURS = ("popflix", "sync", "reconcile")
# Read by the code, but nothing an operator sets: another place for `.env`, Django's own pointer,
# and the two in which the sandbox gets its keys from the process that starts it.
INTERNAL = {
    "POPFLIX_DOTENV",
    "DJANGO_SETTINGS_MODULE",
    "PYTHONPATH",
    "SANDBOX_API_KEY",
    "SANDBOX_READ_TOKEN",
}
READERS = re.compile(
    r"(self|env)\.(text|flag|integer|number|words|json_list|time_zone)|os\.environ\.\w+"
)


def variables_read() -> set[str]:
    """First arguments in capitals of env.text(…), env.flag(…), os.environ.get(…) and the like."""
    found: set[str] = set()
    for folder in OURS:
        for path in (ROOT / folder).rglob("*.py"):
            found |= set(_named_in(path))
    return found - INTERNAL


def _named_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and READERS.fullmatch(ast.unparse(node.func))):
            continue
        for argument in node.args[:1]:
            name = argument.value if isinstance(argument, ast.Constant) else ""
            if isinstance(name, str) and re.fullmatch(r"[A-Z][A-Z_]+", name):
                yield name


def variables_of_the_example() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))


def test_the_example_names_exactly_the_variables_that_are_read() -> None:
    assert variables_of_the_example() == variables_read()


def test_the_configuration_page_names_exactly_the_variables_that_are_read() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert set(re.findall(r"^\| `([A-Z][A-Z_]+)`", page, re.M)) == variables_of_the_example()


def test_every_variable_of_the_example_has_an_explanation_above_it() -> None:
    explained = False
    for line in (ROOT / ".env.example").read_text().splitlines():
        if re.match(r"#?[A-Z][A-Z_]+=", line):
            assert explained, f"{line} has no explanation"
        else:
            explained = line.startswith("# ") and not line.startswith("# ---")


def test_the_example_as_it_stands_makes_a_working_site(tmp_path: Path) -> None:
    site = Site(tmp_path, POPFLIX_DOTENV=str(ROOT / ".env.example"))
    site.manage("check", "--fail-level", "WARNING")


def test_the_defaults_that_the_example_shows_are_the_defaults_in_force(tmp_path: Path) -> None:
    """A site whose `.env` holds every shown default has the settings of a site without one."""
    shown = re.findall(r"^#([A-Z][A-Z_]+=.+)$", (ROOT / ".env.example").read_text(), re.M)
    forms = ("DATABASE_URL=", "DB_", "REDIS_URL=", "POPFLIX_VAR=")
    written = tmp_path / "written.env"
    written.write_text("\n".join(line for line in shown if not line.startswith(forms)))
    assert settings_of(Site(tmp_path, POPFLIX_DOTENV=str(written))) == settings_of(Site(tmp_path))


def settings_of(site: Site) -> str:
    """All settings as text; 5 and 5.0 are one number."""
    return re.sub(r"(\d)\.0\b", r"\1", site.manage("diffsettings").stdout)


def test_the_four_variables_of_the_seed_make_a_database(tmp_path: Path) -> None:
    seed = {"DB_HOST": "db.example", "DB_USER": "root", "DB_PASSWORD": "p@ss/word", "DB_NAME": "f"}
    show = (
        "from django.conf import settings; d = settings.DATABASES['default'];"
        "print(d['HOST'], d['USER'], d['PASSWORD'], d['NAME'])"
    )
    code = f"import django; django.setup(); {show}"
    site = Site(tmp_path, SECRET_KEY="only-for-tests", **seed)
    assert run_python(site, code) == "db.example root p@ss/word f"


def run_python(site: Site, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=site.env | {"DJANGO_SETTINGS_MODULE": "popflix.settings", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()
