"""What recognisers before version 3 stored, in the terms of the present one.

They gave a chat a partition of its own by extra keys, tools and system prompt
(`task|chat|extra|tools|system`), and kept payloads in its text. The next repair groups the texts
anew; the keys of their patterns stay, so ids survive.
"""

from __future__ import annotations

from patterns.engine.recognizer_state.reservoir import Sample
from patterns.engine.text.payloads.folding import fold_payloads
from patterns.engine.text.tokens import BETWEEN, add_header

EARLIER = frozenset({"1", "2"})  # versions of the rules
_CHAT = "|chat|"


def rename_partition(name: str) -> str:
    """The partition that texts of a stored one belong to now."""
    task, chat, rest = name.partition(_CHAT)
    if not chat or rest.count("|") != 2:
        return name
    return f"{task}|{'chat' if rest.rpartition('|')[2] else 'text'}"


def renew_sample(sample: Sample) -> Sample:
    """The sample with the partition and the text it would have today."""
    name = rename_partition(sample.partition)
    if name == sample.partition and not name.endswith("|text"):
        return sample
    text = BETWEEN.join(fold_payloads(part) for part in sample.text.split(BETWEEN))
    if name != sample.partition:
        tools = sample.partition.split("|")[-2].split(",")
        text = add_header(text, [tool for tool in tools if tool])
    return Sample(sample.id, name, text, sample.key)
