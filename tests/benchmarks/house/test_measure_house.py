"""The figures about the code are counted as they are described."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.house.measure_house import House

FILES = {
    "featurememory/urls.py": "from integration import api",  # wiring may point up
    "featurememory/low.py": "def late():\n    from integration.api import A",
    "patterns/one.py": "from patterns.two.deep import B",
    "patterns/two/deep.py": "import patterns.one\n\nclass B:\n    x = 1",
    "integration/api.py": "from featurememory import low\n\nclass A: ...\nclass B: ...",
}


@pytest.fixture
def house(tmp_path: Path) -> House:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        (path.parent / "__init__.py").touch()
    return House.read(tmp_path)


def test_an_import_climbs_also_inside_a_function(house: House) -> None:
    assert house.climbing() == [("featurememory.low", "integration.api")]


def test_a_circle_is_told_where_its_parts_lie_beside_each_other(house: House) -> None:
    assert house.circles() == [["featurememory", "integration"], ["patterns.one", "patterns.two"]]


def test_a_name_that_two_classes_have_is_told(house: House) -> None:
    assert house.twice() == {"B": 2}


def test_files_are_counted_without_empty_ones(house: House) -> None:
    assert house.folders == {
        "featurememory": 2,
        "integration": 1,
        "patterns": 1,
        "patterns/two": 1,
    }
