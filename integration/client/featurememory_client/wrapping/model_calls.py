"""One request to a provider: recorded, and changed as was decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from featurememory_client import runtime
from featurememory_client.asking.beside_the_loop import ask_beside_loop
from featurememory_client.asking.decision import Decision
from featurememory_client.capturing.recording_calls import begin_call, end_call
from featurememory_client.recording.call import Call
from featurememory_client.wrapping.changed_options import change_options, find_timeout
from featurememory_client.wrapping.dialects.chat_completions import ChatCompletions
from featurememory_client.wrapping.dialects.dialect import Answered, Dialect
from featurememory_client.wrapping.dialects.embeddings import Embeddings
from featurememory_client.wrapping.dialects.messages import Messages
from featurememory_client.wrapping.dialects.responses import Responses
from featurememory_client.wrapping.wishes import Wishes

DIALECTS: tuple[Dialect, ...] = (ChatCompletions(), Responses(), Embeddings(), Messages())
CHANGED_HERE = frozenset({"model_id", "parameters"})
# What a provider answers to a model or parameter it does not have, or not for this key.
REFUSALS = frozenset({400, 401, 403, 404, 422})


class ModelFailure(Exception):
    """The provider answered, and its answer says that it failed."""


class ModelCall:
    """Begun before anything is asked; ended once, by whoever sees the end of its answer."""

    def __init__(self, dialect: Dialect, options: Any, wishes: Wishes) -> None:
        self.dialect = dialect
        self.options = options
        self.body: dict[str, Any] = merge_body(options)
        self.asked = dialect.read_request(self.body)
        self.decision: Decision | None = None
        self.is_cached = False
        self.when_answered: Callable[[], None] | None = None
        self.wants_decision = wishes.prepare and dialect.can_prepare and bool(self.asked.model_id)
        self._models = wishes.models
        self.call = Call(wishes.task_type, self.asked.model_id, session_id=self.asked.session_id)
        begin_call(self.call, lambda: self.asked.input)

    # ---- asking ----

    def ask(self) -> None:
        """Put the task to the server and change the request as it says; in time, or not at all."""
        try:
            client, session_id = runtime.get_client(), self.call.find_session()
            if client is not None:
                self._follow(client.ask(self._describe(), None, session_id, self._models))
        except Exception as error:
            runtime.report(error)
        self.call.restart_clock()

    async def ask_beside_loop(self) -> None:
        client = runtime.get_client()
        if client is not None and client.would_wait:
            await ask_beside_loop(self.ask)
        else:
            self.ask()

    def _describe(self) -> dict[str, Any]:
        return {
            "task_type": self.call.task_type,
            "model_id": self.asked.model_id,
            "input": self.asked.input,
            "parameters": self.asked.parameters,
        }

    def _follow(self, decision: Decision) -> None:
        if decision.decision_id is None or not CHANGED_HERE.issuperset(decision.changed):
            return
        before = self.asked.parameters
        after = decision.task["parameters"] if "parameters" in decision.changed else before
        self.body = {**self.body, "model": decision.task["model_id"]}
        for name in before.keys() - after.keys():
            self.body.pop(name, None)
        self.body.update({n: v for n, v in after.items() if n not in before or v != before[n]})
        limit = find_timeout(decision)
        if decision.changed or limit:
            self.options = change_options(self.options, self.body, limit)
        self.asked.model_id, self.asked.parameters = decision.task["model_id"], after
        self.decision = decision

    def forget_decision(self) -> None:
        """It could not be followed: the request runs as it was meant."""
        self.decision, self.is_cached = None, False

    def may_go_back(self, error: BaseException) -> bool:
        """Whether the provider refused what the decision changed: no caller has to bear that."""
        changed = self.decision is not None and bool(self.decision.changed)
        return changed and getattr(error, "status_code", None) in REFUSALS

    # ---- the end ----

    def answer(self, read: Callable[[], Answered], broke_off: bool = False) -> None:
        """End with what was answered."""
        try:
            found = read()
        except Exception as error:  # not as documented; it is the caller's all the same
            runtime.report(error)
            found = Answered()
        failure = ModelFailure(found.failure) if found.failure else None
        self._end(found, failure, broke_off)

    def fail(self, error: BaseException, found: Answered | None = None) -> None:
        self._end(found or Answered(), error, False)

    def _end(self, found: Answered, error: BaseException | None, broke_off: bool) -> None:
        call = self.call
        if call.has_ended:
            return
        call.output, call.usage = found.output, found.usage
        call.model_id, call.parameters = self.asked.model_id, self.asked.parameters
        call.decision = self.decision
        call.tags = {**self.asked.tags, **found.tags}
        if found.model_id and found.model_id != call.model_id:
            call.tags["response_model"] = found.model_id
        if self.is_cached:
            call.usage = {"cost": 0}
            call.tags["served"] = "cache"
        end_call(call, error, broke_off or self.is_cached)
        if error is None and self.when_answered is not None:
            self._go_on(self.when_answered)

    def _go_on(self, then: Callable[[], None]) -> None:
        """What follows belongs to us: the caller has the answer and bears no error of it."""
        try:
            then()
        except Exception as error:
            runtime.report(error)


def begin_model_call(options: Any, wishes: Wishes, may_ask: bool = True) -> ModelCall | None:
    """None for what is not recorded: other endpoints, or everything while it is off."""
    try:
        dialect = find_dialect(options)
        if dialect is None or runtime.get_client() is None:
            return None
        return ModelCall(dialect, options, wishes if may_ask else wishes._replace(prepare=False))
    except Exception as error:
        runtime.report(error)
        return None


def find_dialect(options: Any) -> Dialect | None:
    if options.method.lower() != "post" or not isinstance(options.json_data, dict):
        return None
    path = str(options.url).partition("?")[0].rstrip("/")
    return next((dialect for dialect in DIALECTS if path.endswith(dialect.path)), None)


def merge_body(options: Any) -> dict[str, Any]:
    """The request's JSON with `extra_body`, which the SDK adds on the way."""
    extra = getattr(options, "extra_json", None)
    return {**options.json_data, **(extra if isinstance(extra, dict) else {})}
