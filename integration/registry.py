"""The spec's ModelRegistry: the callables that run tasks in this process, by model id."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from featurememory.errors import not_found
from optimizations.engine.domain.task import Task

# Takes the prepared task; returns an output, or a Reply with usage and score.
ModelCallable: TypeAlias = Callable[[Task], Any] | Callable[[Task], Awaitable[Any]]


class ModelRegistry:
    """Callables by model id; safe to use from many threads.

    >>> registry = ModelRegistry()
    >>> registry.register("echo", lambda task: task.input)
    >>> registry.get("echo")(Task(model_id="echo", input="hello"))
    'hello'
    """

    def __init__(self) -> None:
        self._models: dict[str, ModelCallable] = {}
        self._lock = threading.Lock()

    def register(self, model_id: str, run: ModelCallable) -> None:
        """Add or replace a model. ValueError for an empty id or an object that cannot be called."""
        if not model_id or not callable(run):
            raise ValueError("a model has an id and can be called")
        with self._lock:
            self._models = {**self._models, model_id: run}

    def remove(self, model_id: str) -> None:
        with self._lock:
            self._models = {k: v for k, v in self._models.items() if k != model_id}

    def get(self, model_id: str) -> ModelCallable:
        """The callable of a model; NOT_FOUND when none of this id is registered."""
        try:
            return self._models[model_id]
        except KeyError:
            raise not_found("model") from None

    def __contains__(self, model_id: object) -> bool:
        return model_id in self._models

    @property
    def model_ids(self) -> tuple[str, ...]:
        """In the order of registration."""
        return tuple(self._models)
