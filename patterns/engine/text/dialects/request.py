"""A request to a model, whatever SDK sent it: system prompt, turns, tools."""

from __future__ import annotations

from typing import NamedTuple

# Settings of a call, in the spelling of the SDKs: they say how a task runs, not which task it is.
_SETTINGS = (
    "model modelid model_id max_tokens max_completion_tokens max_output_tokens maxtokens "
    "max_new_tokens max_tokens_to_sample temperature top_p topp top_k topk min_p n best_of echo "
    "logprobs top_logprobs logit_bias stop stop_sequences stopsequences suffix stream "
    "stream_options seed user presence_penalty frequency_penalty repetition_penalty "
    "response_format tool_choice parallel_tool_calls reasoning reasoning_effort thinking metadata "
    "store service_tier truncation previous_response_id include text background modalities "
    "prediction generationconfig generation_config safetysettings safety_settings cachedcontent "
    "inferenceconfig additionalmodelrequestfields additionalmodelresponsefieldpaths "
    "guardrailconfig toolconfig tool_config tools functions function_call anthropic_version "
    "anthropic_beta mcp_servers container betas options keep_alive format raw context "
    "template images provider api_base base_url timeout extra_body extra_headers "
    "parameters details use_cache wait_for_model safe_prompt random_seed prompt_cache_key "
    "safety_identifier verbosity"
)
CALL_SETTINGS = frozenset(_SETTINGS.split())
SYSTEM_ROLES = frozenset({"system", "developer"})
USER_ROLES = frozenset({"user", "human"})


class Turn(NamedTuple):
    """What one side said. `media` are placeholders, `calls` the names of tools it called.

    `is_result` tells that the turn only brings back what a tool answered.
    """

    role: str
    text: str
    media: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    is_result: bool = False


class ModelRequest(NamedTuple):
    """Other keys of the body are not kept: they say where it came from, not which task it is."""

    system: str
    turns: tuple[Turn, ...]
    tools: frozenset[str] = frozenset()

    @property
    def question(self) -> Turn:
        """The newest turn of the user, else the newest turn with a text."""
        asked = [turn for turn in self.turns if not turn.is_result and turn.role in USER_ROLES]
        said = [turn for turn in self.turns if turn.text and not turn.is_result]
        return (asked or said or [Turn("user", "")])[-1]


def request_of(system: str, turns: list[Turn], tools: frozenset[str]) -> ModelRequest:
    """System turns join the system prompt; tools that were called count as offered."""
    said = [turn.text for turn in turns if turn.role in SYSTEM_ROLES and turn.text]
    others = [turn for turn in turns if turn.role not in SYSTEM_ROLES]
    called = frozenset(name for turn in others for name in turn.calls)
    return ModelRequest(
        "\n".join([system, *said] if system else said), tuple(others), tools | called
    )


def unexplained(keys: list[str], known: frozenset[str]) -> tuple[str, ...]:
    """The keys, sorted, that are neither `known` nor settings of a call."""
    return tuple(
        sorted(key for key in keys if key not in known and key.lower() not in CALL_SETTINGS)
    )
