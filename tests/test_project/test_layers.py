"""What import-linter cannot see: relations by string, and lists that must not fall behind."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Model

from tests.run import pure_modules
from tests.site import ROOT

LAYERS = ("popflix.lib", "popflix.engine", "popflix.console", "sync", "reconcile")
PURE = {"decide", "transform", "match", "choose", "verdict", "moves", "guard", "mapping", "states"}


def layer(model: type[Model]) -> int | None:
    name = apps.get_app_config(model._meta.app_label).name
    return LAYERS.index(name) if name in LAYERS else None


def our_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if layer(model) is not None]


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_foreign_keys_point_down_like_imports(model: type[Model]) -> None:
    """`ForeignKey("sync.Title")` in the engine would be an arrow back that no import shows."""
    for field in model._meta.get_fields():
        if field.auto_created or not isinstance(field.related_model, type):
            continue
        theirs, ours = layer(field.related_model), layer(model)
        assert theirs is None or ours is None or theirs <= ours, f"{model} → {field.related_model}"


def test_every_app_of_ours_has_its_layer() -> None:
    ours = {config.name for config in apps.get_app_configs() if is_ours(config.path)}
    assert ours <= set(LAYERS)


def is_ours(path: str) -> bool:
    return Path(path).is_relative_to(ROOT) and ".venv" not in Path(path).parts


def sources() -> list[Path]:
    return [
        path
        for folder in ("popflix", "sync", "reconcile")
        for path in (ROOT / folder).rglob("*.py")
    ]


def test_every_module_with_a_pure_name_is_under_the_contract_of_purity() -> None:
    named = {str(path.relative_to(ROOT)) for path in sources() if path.stem in PURE}
    assert named <= set(pure_modules())


def test_every_module_under_the_contract_of_purity_exists() -> None:
    assert not [path for path in pure_modules() if not (ROOT / path).is_file()]


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [str(linter), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_no_file_and_no_function_outgrows_its_cap() -> None:
    files = {str(path): len(path.read_text().splitlines()) for path in sources()}
    functions = {
        f"{path}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in sources()
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert not {name: lines for name, lines in files.items() if lines > 400}
    assert not {name: lines for name, lines in functions.items() if lines > 50}


def test_every_package_of_ours_is_type_checked_and_measured() -> None:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    packages = {folder.name for folder in ROOT.iterdir() if (folder / "__init__.py").is_file()}
    shipped = packages - {"tests", "scripts"}
    assert packages <= set(project["mypy"]["files"])
    assert shipped <= set(project["coverage"]["run"]["source"])
    assert shipped == set(project["importlinter"]["root_packages"])
