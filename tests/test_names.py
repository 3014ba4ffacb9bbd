"""One name, one class; and no folder that is a heap."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("featurememory", "patterns", "optimizations", "integration")
# Names that Django prescribes.
PRESCRIBED = {"Meta", "Command"}
# In the client: made for each class of a provider, whose name it then takes.
PRESCRIBED |= {"Recorded"}
MOST_MODULES = 15


# A program of its own: its users meet its names, and never the server's classes beside them.
CLIENT = ROOT / "integration" / "client"


def modules() -> Iterator[Path]:
    for app in APPS:
        yield from (p for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts)


def class_places(paths: Iterable[Path]) -> dict[str, list[str]]:
    """Class name → where it is defined, nested classes included."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name not in PRESCRIBED:
                found[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


@pytest.mark.parametrize("client", [False, True], ids=["server", "client"])
def test_no_two_classes_have_the_same_name(client: bool) -> None:
    paths = (path for path in modules() if path.is_relative_to(CLIENT) is client)
    twice = {name: places for name, places in class_places(paths).items() if len(places) > 1}

    assert twice == {}


def test_no_folder_has_more_modules_than_a_person_can_overlook() -> None:
    folders = [ROOT / "tests", *(ROOT / app for app in APPS)]
    folders += [path for folder in folders for path in folder.rglob("*") if path.is_dir()]
    side_by_side = {"commands", "migrations"}  # Django wants them so
    folders = [path for path in folders if path.name not in side_by_side]
    sizes = {path: len([p for p in path.glob("*.py") if p.stem != "__init__"]) for path in folders}

    assert {str(p): n for p, n in sizes.items() if n > MOST_MODULES} == {}
