"""One name, one class; and no folder that is a heap."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("featurememory", "patterns", "optimizations", "integration")
# Names that Django prescribes.
PRESCRIBED = {"Meta", "Command"}
MOST_MODULES = 15


def modules() -> Iterator[Path]:
    for app in APPS:
        yield from (p for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts)


def class_places() -> dict[str, list[str]]:
    """Class name → where it is defined, nested classes included."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name not in PRESCRIBED:
                found[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def test_no_two_classes_have_the_same_name() -> None:
    twice = {name: places for name, places in class_places().items() if len(places) > 1}

    assert twice == {}


def test_no_folder_has_more_modules_than_a_person_can_overlook() -> None:
    folders = [ROOT / "tests", *(ROOT / app for app in APPS)]
    folders += [path for folder in folders for path in folder.rglob("*") if path.is_dir()]
    sizes = {path: len([p for p in path.glob("*.py") if p.stem != "__init__"]) for path in folders}

    assert {str(p): n for p, n in sizes.items() if n > MOST_MODULES} == {}
