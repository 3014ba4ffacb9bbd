"""Packs the client into its wheel, with nothing but Python: for `make client`, and for the server,
which packs it once when it starts and hands it out to machines that reach no package registry.

The same files give the same bytes. `pip wheel` and `python -m build` make one as good (hatchling).
"""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import re
import sys
import tomllib
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent / "client"
PACKAGE = "featurememory_client"
TAG = "py3-none-any"
WHEEL = f"Wheel-Version: 1.0\nGenerator: pack_wheel\nRoot-Is-Purelib: true\nTag: {TAG}\n"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment a zip file knows


def pack_wheel(folder: Path = HERE) -> tuple[str, bytes]:
    """The wheel's file name and its bytes."""
    version = read_version(folder)
    info = f"{PACKAGE}-{version}.dist-info"
    files = {str(path.relative_to(folder)): path.read_bytes() for path in list_sources(folder)}
    files[f"{info}/METADATA"] = write_metadata(folder, version).encode()
    files[f"{info}/WHEEL"] = WHEEL.encode()
    files[f"{info}/RECORD"] = write_record(files, f"{info}/RECORD").encode()
    return f"{PACKAGE}-{version}-{TAG}.whl", zip_up(files)


@functools.cache
def built_wheel() -> tuple[str, bytes, str]:
    """The wheel's name, its bytes and their SHA-256, made once in a process."""
    name, content = pack_wheel()
    return name, content, hashlib.sha256(content).hexdigest()


def read_version(folder: Path) -> str:
    found = re.search(r'VERSION = "([^"]+)"', (folder / PACKAGE / "version.py").read_text())
    assert found is not None
    return found[1]


def list_sources(folder: Path) -> list[Path]:
    package = folder / PACKAGE
    return sorted(path for path in package.rglob("*") if path.suffix in (".py", ".typed"))


def write_metadata(folder: Path, version: str) -> str:
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    head = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {version}",
        f"Summary: {project['description']}",
        f"License: {project['license']}",
        *(f"Classifier: {classifier}" for classifier in project["classifiers"]),
        f"Requires-Python: {project['requires-python']}",
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join([*head, "", (folder / project["readme"]).read_text()])


def write_record(files: dict[str, bytes], own_name: str) -> str:
    lines = []
    for name, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(content)}")
    return "\n".join([*lines, f"{own_name},,", ""])


def zip_up(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "dist"
    target.mkdir(parents=True, exist_ok=True)
    name, content = pack_wheel()
    (target / name).write_bytes(content)
    print(target / name)


if __name__ == "__main__":
    main()
