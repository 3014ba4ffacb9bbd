"""The input of a remembered function: its arguments, as they would be written down."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from featurememory_client.recording.secret_names import HIDDEN, is_headers, is_secret

MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Arguments:
    """How calls of one function become an input: its only argument's value, else all by name."""

    def __init__(self, function: Callable[..., Any]) -> None:
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):  # built in
            parameters = []
        if parameters and parameters[0].name in ("self", "cls"):
            parameters = parameters[1:]
            self._skipped = 1
        else:
            self._skipped = 0
        self._names = [p.name for p in parameters if p.kind < inspect.Parameter.VAR_POSITIONAL]
        self._defaults = {
            p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty
        }
        is_single = len(parameters) == 1 and parameters[0].kind not in MANY
        self._single = parameters[0].name if is_single else None

    def read(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = args[self._skipped :]
        found = {**self._defaults, **dict(zip(self._names, given)), **kwargs}
        if len(given) > len(self._names):
            found["args"] = given[len(self._names) :]
        shown = {name: hide_argument(name, value) for name, value in found.items()}
        return shown.get(self._single) if self._single else shown


def hide_argument(name: str, value: Any) -> Any:
    return HIDDEN if is_secret(name) or is_headers(name) else value
