from __future__ import annotations

import pytest

from featurememory.errors import FeatureMemoryError
from integration.registry import ModelRegistry
from optimizations.engine.domain.task import Task


def test_a_registered_model_can_be_called() -> None:
    registry = ModelRegistry()
    registry.register("echo", lambda task: task.input)

    assert registry.get("echo")(Task(model_id="echo", input="hello")) == "hello"


def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(FeatureMemoryError, match="no such model"):
        ModelRegistry().get("m")


def test_a_removed_model_is_gone() -> None:
    registry = ModelRegistry()
    registry.register("a", str)
    registry.register("b", str)
    registry.remove("a")

    assert registry.model_ids == ("b",)
    assert "a" not in registry


@pytest.mark.parametrize(("name", "run"), [("", str), ("m", "no callable")])
def test_what_cannot_be_called_is_refused(name: str, run: object) -> None:
    with pytest.raises(ValueError, match="can be called"):
        ModelRegistry().register(name, run)  # type: ignore[arg-type]
