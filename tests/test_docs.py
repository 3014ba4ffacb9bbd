"""What is not documented is not there: every name a user can meet stands in the documentation."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from featurememory.errors import STATUS, ErrorCode
from featurememory.models import FeatureMemoryConfig, Project
from integration.models import ApiKey
from tests.benchmarks.bench_house import PARTS

ROOT = Path(__file__).resolve().parent.parent
APPS = ("featurememory", "patterns", "optimizations", "integration")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")]
# A path in the documentation begins with one of these, or is the name of a file.
TOP = {path.name for path in ROOT.iterdir()} - {".venv", "var", "staticfiles"}

# Documented variables that containers do not get, each with its reason.
NOT_PASSED = {
    "FM_DATA_DIR": "the image's: the volume /data",
    "FM_STATIC_ROOT": "the image's: collected when it is built",
    "FM_EMBEDDED": "workers do the background work",
    "FM_STORAGE": "memory is for one process",
    "FM_DEBUG": "for development only",
    "FM_PUBLISH": "read by compose itself",
    "FM_CONTAINER_MEMORY": "read by compose itself",
    "FM_SERVING": "the server's own",
    "FM_SERVING_AT": "the server's own",
    "FM_LOAD_DEMO": "the server's own",
}


def doc(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text()


def rows(name: str) -> dict[str, list[str]]:
    """The tables of a page: the code words of the first cell → all cells of the row."""
    found: dict[str, list[str]] = {}
    for line in doc(name).splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        if line.startswith("| `"):
            found |= dict.fromkeys(re.findall(r"`([^`]+)`", cells[0]), cells)
    return found


def variables() -> set[str]:
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    sources += [ROOT / name for name in ("docker-compose.yml", ".env.example", "Dockerfile")]
    return {
        name for path in sources for name in re.findall(r"\bFM_[A-Z_]*[A-Z]\b", path.read_text())
    }


def test_every_environment_variable_is_documented_and_no_other() -> None:
    documented = {name for name in rows("settings") if name.startswith("FM_")}

    assert documented == variables()


def test_every_setting_reaches_the_containers_or_has_a_reason_not_to() -> None:
    documented = {name for name in rows("settings") if name.startswith("FM_")}
    compose = (ROOT / "docker-compose.yml").read_text()
    passed = set(yaml.safe_load(compose)["x-app"]["environment"])

    assert passed | NOT_PASSED.keys() == documented
    assert not passed & NOT_PASSED.keys()


def test_the_example_names_what_compose_reads_and_nothing_else() -> None:
    read = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    shown = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert sorted(shown) == sorted(read)


@pytest.mark.parametrize("section", FeatureMemoryConfig.SECTIONS)
def test_every_threshold_is_documented_with_its_default(section: str) -> None:
    table = rows("settings")
    for name in FeatureMemoryConfig.SECTIONS[section]:
        field: Any = FeatureMemoryConfig._meta.get_field(name)
        default = field.get_default()
        plain = table[f"{section}.{name}"][2].replace(",", "").replace("`", "")
        stated = plain.partition(" ")[0].replace("empty", "")
        if isinstance(default, str | list):
            assert stated == str(default or "")
        elif isinstance(default, bool):
            assert stated == str(default).lower()
        else:
            assert float(stated) == pytest.approx(default)


def test_every_start_up_check_is_documented() -> None:
    source = (ROOT / "featurememory" / "checks.py").read_text()

    assert set(re.findall(r"featurememory\.[EW]\d+", source)) <= rows("settings").keys()


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_code_is_documented_with_its_status(code: ErrorCode) -> None:
    assert rows("api")[code.value][1] == str(STATUS.get(code, 500))


def endpoints(patterns: list[URLPattern | URLResolver], prefix: str = "") -> dict[str, set[str]]:
    """Path of each endpoint under /api/, with {id} for its parameters → its methods."""
    found: dict[str, set[str]] = {}
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found |= endpoints(pattern.url_patterns, path)
        elif path.startswith("api/") and hasattr(pattern.callback, "cls"):
            methods = getattr(pattern.callback.cls, "scopes", {})
            if methods:
                found["/" + re.sub(r"<[^>]+>", "{id}", path)] = set(methods)
    return found


def test_every_endpoint_is_documented_and_no_other() -> None:
    served = {
        (method, path)
        for path, methods in endpoints(get_resolver().url_patterns).items()
        for method in methods
    }
    headings = re.findall(r"^### `([A-Z]+) (/api/[^`]+)`", doc("api"), re.MULTILINE)

    assert {(method, path) for method, path in headings} == served


def test_every_command_is_documented() -> None:
    ours = {name for name, app in get_commands().items() if app in APPS}

    assert ours <= {name.split()[0] for name in rows("operations")}


def test_every_make_target_is_documented() -> None:
    named = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert named
    text = (ROOT / "CONTRIBUTING.md").read_text() + doc("operations")

    missing = [name for name in named[1].split() if f"make {name}" not in text]
    assert missing == ["help"]


def test_every_part_of_the_benchmark_is_documented_and_no_other() -> None:
    assert set(rows("performance")) == set(PARTS)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    local = [target for target in targets if "://" not in target]

    assert [target for target in local if not (page.parent / target).exists()] == []


def paths_in(text: str) -> set[str]:
    """What stands in backticks or after `python -m` and looks like a place in this repository."""
    words = {word for code in re.findall(r"`([^`\n]+)`", text) for word in code.split()}
    paths = {word for word in words if word.partition("/")[0] in TOP and "/" in word}
    files = {word for word in words if re.fullmatch(r"[\w.-]+\.(?:py|md|toml|yml|cfg|json)", word)}
    modules = set(re.findall(r"python -m ((?:" + "|".join(APPS) + r"|tests)[\w.]+)", text))
    return paths | files | {f"{module.replace('.', '/')}.py" for module in modules}


WRITTEN = frozenset({"sbom.cdx.json"})  # by a make target, so it is in no fresh clone


def is_there(path: str) -> bool:
    """`<name>` and `*` stand for anything; a bare file name may lie anywhere in the tree. What a command
    makes, and git ignores by name, need not be there."""
    if path in (ROOT / ".gitignore").read_text().splitlines():
        return True
    pattern = re.sub(r"<[^>]+>", "*", path).rstrip("/")
    if "/" in path or (ROOT / path).exists():
        return any(ROOT.glob(pattern))
    return any(any((ROOT / top).rglob(path)) for top in (*APPS, "tests", "docs", ".github"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_exist(page: Path) -> None:
    paths = sorted(paths_in(page.read_text()) - WRITTEN)

    assert [path for path in paths if not is_there(path)] == []


def anchors(page: Path) -> set[str]:
    """The names of a page's headings as links spell them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_headings(page: Path) -> None:
    found = re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", page.read_text())
    lost = [
        f"{target}#{anchor}"
        for target, anchor in found
        if anchor not in anchors(page.parent / target if target else page)
    ]

    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_json_examples_are_json(page: Path) -> None:
    for block in re.findall(r"```json\n(.*?)```", page.read_text(), re.DOTALL):
        json.loads(block)


def posted_examples() -> list[tuple[str, str]]:
    """(path, body) of every curl example with an inline JSON body."""
    found = []
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL):
            example = re.search(
                r"/((?:interactions|feedback|tasks/prepare)/)\s.*-d\s+'(.*?)'", block, re.DOTALL
            )
            if example:
                found.append((f"/api/v1/{example[1]}", example[2]))
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "body"), posted_examples())
def test_curl_examples_are_accepted(client: Client, path: str, body: str) -> None:
    _, key = ApiKey.create(Project.objects.create(name="docs"), "rw")
    metadata = {"timestamp": 0, "duration": 1}
    known = {"id": "order-1", "model_id": "m", "input": "?", "metadata": metadata}

    def post(url: str, content: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return client.post(
            url, content, content_type="application/json", headers=headers
        ).status_code

    assert post("/api/v1/interactions/", json.dumps(known)) == 201
    assert post(path, body) in (200, 201)


def test_every_dependency_has_its_reason() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [one for extra in declared["optional-dependencies"].values() for one in extra]
    names = {re.split(r"[\[<>=]", line)[0] for line in declared["dependencies"] + extras}

    assert {name for name in names if f"`{name}`" not in doc("dependencies")} == set()
