"""The map in docs/architecture.md shows the tree as it is, and its recipes leave nothing half done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.kinds import CACHES, KINDS

ROOT = Path(__file__).resolve().parent.parent
APPS = ("featurememory", "patterns", "optimizations", "integration")
LEFT_OUT = {"migrations", "__pycache__"}  # Django's own; every app has them
ENGINE_KINDS = "optimizations/engine/kinds"
# Holds its own state, so it is in neither of the two tables of kinds.
OF_ITS_OWN = "token_budget"


def rooms() -> set[str]:
    """Every package of the four apps."""
    inits = [path.parent for app in APPS for path in (ROOT / app).rglob("__init__.py")]
    found = {path.relative_to(ROOT) for path in inits}
    return {f"{path.as_posix()}/" for path in found if not LEFT_OUT & set(path.parts)}


def listed() -> list[str]:
    """The rooms of the map: the first cells under the headings of the apps."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    the_map = text.partition("## The map")[2].partition("### Beside the apps")[0]
    return re.findall(r"^\| `([^`]+/)` \|", the_map, re.MULTILINE)


def test_the_map_has_every_room_once_and_no_other() -> None:
    found = listed()

    assert sorted(found) == sorted(rooms())


@pytest.mark.parametrize("name", listed())
def test_a_room_is_a_package_with_something_in_it(name: str) -> None:
    files = [path for path in (ROOT / name).iterdir() if path.name not in LEFT_OUT]

    assert len(files) > 1


def test_every_kind_of_optimization_is_registered() -> None:
    registered = {*KINDS, *(kind.name for kind in CACHES), OF_ITS_OWN}

    assert registered == set(PolicySettings().kinds)


@pytest.mark.parametrize("name", PolicySettings().kinds)
def test_a_kind_has_a_file_a_test_and_a_line_in_the_documentation(name: str) -> None:
    text = (ROOT / "docs" / "statistics.md").read_text()

    assert (ROOT / ENGINE_KINDS / f"{name}.py").is_file()
    assert (ROOT / "tests" / ENGINE_KINDS / f"test_{name}.py").is_file()
    assert f"| `{name}` |" in text
