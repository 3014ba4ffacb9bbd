"""Chats written out as one text are read like the lists of messages they came from."""

from __future__ import annotations

import pytest

from patterns.engine.text.dialects import read_request
from patterns.engine.text.input_view import view_input
from tests.patterns.engine.streams import observation

SYSTEM = "You guide visitors of the harbour museum."
ASKED = "Where is the lamp?"
WRITTEN = {
    "chatml": f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
    f"<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\n{ASKED}<|im_end|>\n"
    "<|im_start|>assistant\n",
    "llama 2": f"<s>[INST] <<SYS>>\n{SYSTEM}\n<</SYS>>\n\nHi [/INST] Hello </s>"
    f"<s>[INST] {ASKED} [/INST]",
    "llama 3": f"<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\n{SYSTEM}<|eot_id|>"
    f"<|start_header_id|>user<|end_header_id|>\n\n{ASKED}<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "mistral": f"<s>[SYSTEM_PROMPT] {SYSTEM}[/SYSTEM_PROMPT][INST] {ASKED}[/INST]",
    "phi": f"<|system|>\n{SYSTEM}<|end|>\n<|user|>\n{ASKED}<|end|>\n<|assistant|>\n",
    "zephyr": f"<|system|>\n{SYSTEM}</s>\n<|user|>\n{ASKED}</s>\n<|assistant|>\n",
    "alpaca": "Below is an instruction that describes a task.\n\n"
    f"### Instruction:\n{SYSTEM}\n\n### Input:\n{ASKED}\n\n### Response:\n",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_written_chat_has_a_system_prompt_and_a_question(text: str) -> None:
    request = read_request(text)

    assert request is not None
    assert (request.system, request.question.text) == (SYSTEM, ASKED)


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_it_is_the_task_of_the_same_chat_as_a_list(text: str) -> None:
    listed = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": ASKED}]

    assert view_input(observation(text)) == view_input(observation(listed))
    assert view_input(observation({"prompt": text})) == view_input(observation(listed))


@pytest.mark.parametrize(
    "text",
    [
        f"<start_of_turn>user\n{ASKED}<end_of_turn>\n<start_of_turn>model\n",
        f"\n\nHuman: {ASKED}\n\nAssistant: ",
        f"### Instruction:\n{ASKED}\n\n### Response:\n",
    ],
)
def test_a_written_question_alone_is_that_question(text: str) -> None:
    assert view_input(observation(text)) == view_input(
        observation([{"role": "user", "content": ASKED}])
    )


@pytest.mark.parametrize(
    "text",
    [
        "Explain what <|im_start|>user means in a prompt, and <|im_end|> too.",
        "Why does my template print [INST] twice?",
        "### Response:\nThanks for the lamp.",
        "<|im_start|>system\n<|im_start|>assistant\n",
        "Assistant: yes",
        "<|",
    ],
)
def test_a_prompt_about_such_chats_stays_a_prompt(text: str) -> None:
    assert read_request(text) is None


def test_a_batch_of_one_chat_is_that_chat() -> None:
    chat = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": ASKED}]

    assert view_input(observation({"messages": [chat]})) == view_input(
        observation({"messages": chat})
    )


@pytest.mark.parametrize("extra", [{"maxRetries": 2}, {"id": "f3", "trigger": "submit-message"}])
def test_what_a_framework_adds_to_a_chat_makes_no_other_task(extra: dict[str, object]) -> None:
    body = {"messages": [{"role": "user", "content": ASKED}]}

    assert view_input(observation({**body, **extra})) == view_input(observation(body))
