"""The wheel: complete, installable without a registry, and good for every Python it names."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from integration.client_wheel import pack_wheel
from tests.integration.client.programs import FOLDER

SOURCES = sorted((FOLDER / "featurememory_client").rglob("*.py"))


LOOK = """
import sys; sys.path.insert(0, sys.argv[1])
import featurememory_client as fm; print(fm.__version__, fm.__file__)
"""


def test_it_can_be_installed_without_a_registry(tmp_path: Path) -> None:
    name, content = pack_wheel()
    (tmp_path / name).write_bytes(content)
    there = str(tmp_path / "there")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-index",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, "--target", there, tmp_path / name], check=True)
    command = [sys.executable, "-I", "-c", LOOK, there]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    version, file = done.stdout.split()
    assert name == f"featurememory_client-{version}-py3-none-any.whl"
    assert file.startswith(there)


def test_the_same_files_make_the_same_wheel_and_it_is_typed(tmp_path: Path) -> None:
    name, content = pack_wheel()
    (tmp_path / name).write_bytes(content)
    names = zipfile.ZipFile(tmp_path / name).namelist()

    assert pack_wheel()[1] == content
    assert "featurememory_client/py.typed" in names
    assert len([file for file in names if file.endswith(".py")]) == len(SOURCES)


def test_the_documentation_names_this_version() -> None:
    page = (FOLDER.parents[1] / "docs" / "client.md").read_text()

    assert f"/client/{pack_wheel()[0]}" in page


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_it_stands_on_the_standard_library_of_python_3_9(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 9))
    names = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip

    assert names <= {*sys.stdlib_module_names, "featurememory_client"}
