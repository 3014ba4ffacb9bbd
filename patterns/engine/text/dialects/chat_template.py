"""Chats written out as one text, the way local models read them.

ChatML, Llama 2 and 3, Mistral, Gemma, Phi, Zephyr (`tokenizer.apply_chat_template` of Hugging Face
Transformers), Alpaca's sections and the older `Human:`/`Assistant:` form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from patterns.engine.domain.observation import Json
from patterns.engine.text.dialects.request import ModelRequest, Turn, request_of

_ROLE = re.compile(
    r"<\|im_start\|>(?P<chatml>\w{1,20})\n?"
    r"|<\|start_header_id\|>(?P<llama>\w{1,20})<\|end_header_id\|>"
    r"|<start_of_turn>(?P<gemma>\w{1,20})\n?"
    r"|<\|(?P<phi>system|user|assistant|developer|tool)\|>\n?"
    r"|^###\s(?P<alpaca>Instruction|Input|Response):"
    r"|^(?P<human>Human|Assistant):\s",
    re.MULTILINE,
)
_ROLES = {
    "Instruction": "system",
    "Input": "user",
    "Response": "assistant",
    "Human": "user",
    "Assistant": "assistant",
}
_SEQUENCE = re.compile(
    r"<\|(?:im_end|eot_id|end|endoftext|begin_of_text|eos|end_of_text)\|>|<end_of_turn>|<bos>|</?s>"
)
_SYSTEM = (("<<SYS>>", "<</SYS>>"), ("[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"))
_SIGNS = ("<|", "[INST]", "<start_of_turn>", "### Response:", "Assistant:")
_FOREWORD = "Below is an instruction"  # Alpaca's own first line


def read_chat_template(value: Json) -> ModelRequest | None:
    """None unless the whole text is such a chat: one that only quotes a part of one is a prompt.

    >>> read_chat_template("<|im_start|>user\\nHi<|im_end|>\\n<|im_start|>assistant\\n").question.text
    'Hi'
    """
    if not isinstance(value, str) or not any(sign in value for sign in _SIGNS):
        return None
    turns = list(_read_instructed(value) if "[INST]" in value else _read_roles(value))
    if not any(turn.role == "user" and turn.text for turn in turns):
        return _read_alone(turns)
    return request_of("", turns, frozenset())


def _read_alone(turns: list[Turn]) -> ModelRequest | None:
    """An instruction without any data is what is asked."""
    asked = [turn for turn in turns if turn.role == "system" and turn.text]
    if len(asked) != 1 or len(turns) < 2:
        return None
    return request_of("", [Turn("user", asked[0].text)], frozenset())


def _read_roles(text: str) -> Iterator[Turn]:
    marks = list(_ROLE.finditer(text))
    if len(marks) < 2 or not _is_foreword(text[: marks[0].start()]):
        return
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        name = mark[mark.lastgroup or 0]
        yield Turn(
            _ROLES.get(name, name.lower()), _SEQUENCE.sub("", text[mark.end() : end]).strip()
        )


def _read_instructed(text: str) -> Iterator[Turn]:
    """Llama 2 and Mistral: `[INST] <<SYS>> … <</SYS>> question [/INST] answer`."""
    head, *parts = text.split("[INST]")
    system, head = _cut_system(head)
    if not _is_foreword(head):
        return
    yield Turn("system", system)
    for part in parts:
        asked, _, answer = part.partition("[/INST]")
        system, asked = _cut_system(asked)
        yield Turn("system", system)
        yield Turn("user", asked)
        yield Turn("assistant", _SEQUENCE.sub("", answer).strip())


def _cut_system(text: str) -> tuple[str, str]:
    """The system prompt, and the text around it."""
    for begin, end in _SYSTEM:
        before, found, rest = text.partition(begin)
        if found:
            system, _, after = rest.partition(end)
            return system.strip(), f"{before}{after}".strip()
    return "", text.strip()


def _is_foreword(text: str) -> bool:
    said = _SEQUENCE.sub("", text).strip()
    return not said or said.startswith(_FOREWORD)
