"""`@remember(...)` records every call of a function, of whatever kind it is."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import CoroutineType, GeneratorType
from typing import Any, TypeVar

from featurememory_client.capturing.arguments import Arguments
from featurememory_client.capturing.recording_calls import begin_call, end_call
from featurememory_client.capturing.relays import (
    Begin,
    relay_async_generators,
    relay_coroutine,
    relay_generator,
)
from featurememory_client.recording.call import Call

F = TypeVar("F", bound=Callable[..., Any])


def remember(*, task_type: str = "", model_id: str = "") -> Callable[[F], F]:
    """Record each call: its arguments as input, what it returns, yields or raises as the rest.

    >>> @remember(task_type="support.reply", model_id="gpt-5-mini")
    ... def reply(question):
    ...     return "It arrives on Tuesday."
    """

    def decorate(function: F) -> F:
        wrapper: F = remember_function(function, task_type, model_id)
        return wrapper

    return decorate


def remember_function(function: Any, task_type: str, model_id: str) -> Any:
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(remember_function(function.__func__, task_type, model_id))
    arguments = Arguments(function)

    def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        call = Call(task_type, model_id)
        begin_call(call, lambda: arguments.read(args, kwargs))
        return call

    return functools.wraps(function)(choose_wrapper(function)(function, begin))


def choose_wrapper(function: Callable[..., Any]) -> Callable[[Callable[..., Any], Begin], Any]:
    """A function of the same kind, so that frameworks that look at it see no difference."""
    if inspect.isasyncgenfunction(function):
        return relay_async_generators
    if inspect.isgeneratorfunction(function):
        return wrap_generator
    return wrap_coroutine if inspect.iscoroutinefunction(function) else wrap_function


def wrap_function(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = begin(args, kwargs)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            end_call(call, error)
            raise
        # A lambda or a partial may stand before a generator: what it yields is its result.
        if type(result) is GeneratorType:
            return relay_generator(call, result)
        if type(result) is CoroutineType:
            return relay_coroutine(call, result)
        call.output = result
        end_call(call)
        return result

    return wrapper


def wrap_coroutine(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await relay_coroutine(begin(args, kwargs), function(*args, **kwargs))

    return wrapper


def wrap_generator(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return (yield from relay_generator(begin(args, kwargs), function(*args, **kwargs)))

    return wrapper
