"""Shadows: the same task with another model, run after the caller has its answer, for comparison.

They belong to nobody's time: few at once, none waited for at the end, a failure is only recorded.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from featurememory_client import runtime
from featurememory_client.capturing.recording_calls import begin_call, end_call
from featurememory_client.recording.call import Call
from featurememory_client.wrapping.changed_options import make_shadow_options
from featurememory_client.wrapping.model_calls import ModelCall

MOST_RUNNING = 8  # of the server's rare wishes; more at once would be a flood of paid calls


class Shadow:
    """One alternative of one decision."""

    def __init__(self, made: ModelCall, wished: dict[str, Any]) -> None:
        self._made = made
        self._shadow_id = wished["shadow_id"]
        body = {**made.body, "model": wished["model_id"]}
        for name in made.asked.parameters.keys() - wished["parameters"].keys():
            body.pop(name, None)
        body.update(wished["parameters"])
        self._asked = made.dialect.read_request(body)
        self.options = make_shadow_options(made.options, body)

    def begin(self) -> Call:
        asked, main = self._asked, self._made.call
        call = Call(main.task_type, asked.model_id, session_id=main.find_session())
        call.parameters, call.tags = asked.parameters, asked.tags
        call.decision, call.shadow_id = self._made.decision, self._shadow_id
        begin_call(call, lambda: asked.input)
        return call

    def end(self, call: Call, result: Any) -> None:
        found = self._made.dialect.read_answer(result)
        call.output, call.usage = found.output, found.usage
        end_call(call)

    def run(self, request: Callable[..., Any]) -> None:
        call = self.begin()
        try:
            # `object` as the type to cast to: the SDK's way to say "plain JSON".
            self.end(call, request(object, self.options))
        except Exception as error:
            end_call(call, error)

    async def run_async(self, request: Callable[..., Awaitable[Any]]) -> None:
        call = self.begin()
        try:
            self.end(call, await request(object, self.options))
        except Exception as error:
            end_call(call, error)


def list_shadows(made: ModelCall) -> list[Shadow]:
    try:
        wished = made.decision.shadows if made.decision is not None else ()
        return [Shadow(made, one) for one in wished]
    except Exception as error:
        runtime.report(error)
        return []


def run_in_thread(shadows: list[Shadow], request: Callable[..., Any]) -> None:
    running = runtime.get_process().shadows
    if len(running) >= MOST_RUNNING:
        return

    def run_all() -> None:
        for shadow in shadows:
            shadow.run(request)
        running.discard(thread)

    thread = threading.Thread(target=run_all, name="feature-memory-shadow", daemon=True)
    running.add(thread)
    try:
        thread.start()
    except RuntimeError:  # at the very end, or at the system's limit, there are no new threads
        running.discard(thread)


def run_in_loop(shadows: list[Shadow], request: Callable[..., Awaitable[Any]]) -> None:
    """In the loop the client belongs to, after what is running now."""
    running = runtime.get_process().shadows
    if len(running) >= MOST_RUNNING:
        return

    async def run_all() -> None:
        for shadow in shadows:
            await shadow.run_async(request)

    task = sys.modules["asyncio"].get_running_loop().create_task(run_all())
    running.add(task)  # a loop keeps only a weak reference
    task.add_done_callback(running.discard)
