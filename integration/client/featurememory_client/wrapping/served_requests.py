"""What happens with one request: asked about, answered from memory or run, watched, shadowed."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from featurememory_client.runtime import report
from featurememory_client.wrapping.cached_answers import describe_response
from featurememory_client.wrapping.model_calls import ModelCall, begin_model_call
from featurememory_client.wrapping.results import watch_result
from featurememory_client.wrapping.shadows import list_shadows, run_in_loop, run_in_thread


def serve(
    client: Any, request: Callable[..., Any], cast_to: Any, options: Any, *args: Any, **kwargs: Any
) -> Any:
    """`request(cast_to, options, …)` of an SDK's client: the same result, recorded."""
    made = begin_model_call(options, client.feature_memory_wishes)
    if made is None:
        return request(cast_to, options, *args, **kwargs)
    if made.wants_decision:
        made.ask()
        cached = read_cached(client, made, cast_to, **kwargs)
        if cached is not None:
            return watch_result(cached, made)
    try:
        return run(made, request, cast_to, made.options, *args, **kwargs)
    except Exception as error:
        if not made.may_go_back(error):
            raise
    again = begin_model_call(options, client.feature_memory_wishes, may_ask=False)
    return run(again, request, cast_to, options, *args, **kwargs)


def run(
    made: ModelCall | None,
    request: Callable[..., Any],
    cast_to: Any,
    options: Any,
    *args: Any,
    **kwargs: Any,
) -> Any:
    try:
        result = request(cast_to, options, *args, **kwargs)
    except BaseException as error:
        if made is not None:
            made.fail(error)
        raise
    if made is None:
        return result
    shadows = list_shadows(made)
    if shadows:
        made.when_answered = lambda: run_in_thread(shadows, request)
    return watch_result(result, made)


def read_cached(client: Any, made: ModelCall, cast_to: Any, **kwargs: Any) -> Any:
    """What was answered before, as the SDK would return it; None when it has to be asked."""
    try:
        given = describe_response(client, made, cast_to, **kwargs)
        return client._process_response(**given) if given is not None else None
    except Exception as error:
        report(error)
        made.forget_decision()
        return None


async def serve_async(
    client: Any,
    request: Callable[..., Awaitable[Any]],
    cast_to: Any,
    options: Any,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """The same for an async client."""
    made = begin_model_call(options, client.feature_memory_wishes)
    if made is None:
        return await request(cast_to, options, *args, **kwargs)
    if made.wants_decision:
        await made.ask_beside_loop()
        cached = await read_cached_async(client, made, cast_to, **kwargs)
        if cached is not None:
            return watch_result(cached, made)
    try:
        return await run_async(made, request, cast_to, made.options, *args, **kwargs)
    except Exception as error:
        if not made.may_go_back(error):
            raise
    again = begin_model_call(options, client.feature_memory_wishes, may_ask=False)
    return await run_async(again, request, cast_to, options, *args, **kwargs)


async def run_async(
    made: ModelCall | None,
    request: Callable[..., Awaitable[Any]],
    cast_to: Any,
    options: Any,
    *args: Any,
    **kwargs: Any,
) -> Any:
    try:
        result = await request(cast_to, options, *args, **kwargs)
    except BaseException as error:
        if made is not None:
            made.fail(error)
        raise
    if made is None:
        return result
    shadows = list_shadows(made)
    if shadows:
        made.when_answered = lambda: run_in_loop(shadows, request)
    return watch_result(result, made)


async def read_cached_async(client: Any, made: ModelCall, cast_to: Any, **kwargs: Any) -> Any:
    try:
        given = describe_response(client, made, cast_to, **kwargs)
        result = client._process_response(**given) if given is not None else None
        return (await result) if inspect.isawaitable(result) else result  # the first SDKs: plain
    except Exception as error:
        report(error)
        made.forget_decision()
        return None
