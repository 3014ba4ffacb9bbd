"""What people who join the project rely on: hooks that check what `make lint` checks, forms that open."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
FORMS = sorted(ROOT.glob(".github/ISSUE_TEMPLATE/*.yml"))


def loaded(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def lint_commands() -> list[str]:
    """The commands of `make lint`, with the Makefile's variables written out."""
    makefile = (ROOT / "Makefile").read_text()
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe
    text = recipe[1]
    for name in ("CHECK_ENV", "PY", "VENV"):
        value = re.search(rf"^{name} := (.*)$", makefile, re.MULTILINE)
        assert value
        text = text.replace(f"$({name})", value[1])
    return [line.strip() for line in text.splitlines()]


def test_the_hooks_run_what_make_lint_runs() -> None:
    (repository,) = loaded(".pre-commit-config.yaml")["repos"]
    hooks = [hook["entry"].removeprefix("env ") for hook in repository["hooks"]]

    assert hooks == lint_commands()


def test_no_hook_downloads_anything() -> None:
    (repository,) = loaded(".pre-commit-config.yaml")["repos"]

    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}


def test_ci_runs_the_script_that_decides() -> None:
    steps = loaded(".github/workflows/ci.yml")["jobs"]["check"]["steps"]

    assert next(step["run"] for step in steps if "run" in step) == ".ci/run"


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_has_what_is_asked_of_one(form: Path) -> None:
    content = yaml.safe_load(form.read_text())
    if form.stem == "config":
        assert content == {"blank_issues_enabled": True}
        return
    fields = [field for field in content["body"] if field["type"] != "markdown"]

    assert {"name", "description", "body"} <= content.keys()
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["label"] for field in fields)
