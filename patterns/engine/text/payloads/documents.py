"""HTML, and documents between tags."""

from __future__ import annotations

import re
from itertools import islice

from patterns.engine.text.payloads.marks import mark

_TAG = re.compile(r"<([A-Za-z][\w.:-]{0,40})((?:\s[^<>]{0,200})?)>")
_SAID = (
    "instruction instructions task tasks rule rules role system guideline guidelines format "
    "output output_format response_format goal goals step steps constraint constraints persona "
    "policy policies requirements important style tone schema tools tool b i p br strong em"
)
_INSTRUCTIONS = frozenset(_SAID.split())
MOST_TAGS = 200  # looked at: each may search the rest of the text for its end
_LEAST_TAGGED = 24  # characters between tags that are taken for a document
_HTML = re.compile(
    r"<(?:!doctype|\?xml)\b[^<>]{0,500}>|</?(?:html|head|body|div|span|p|table|thead|tbody|tr|td|th|ul|ol|li|h[1-6]|a|article|section|"
    r"main|footer|header|nav|form|button|img)\b[^<>]{0,500}>",
    re.IGNORECASE,
)
_LEAST_HTML = 4  # tags


def fold_html(text: str) -> str:
    """From the first to the last tag of HTML, when there are enough of them."""
    tags = list(_HTML.finditer(text))
    if len(tags) < _LEAST_HTML:
        return text
    return text[: tags[0].start()] + mark("document") + text[tags[-1].end() :]


def fold_tagged(text: str) -> str:
    """`<passage title="…">…</passage>` as `<passage>` and a mark; neighbours alike are one."""
    out: list[str] = []
    position, last = 0, ""
    for match in islice(_TAG.finditer(text), MOST_TAGS):
        name = match[1].lower()
        if match.start() < position or name in _INSTRUCTIONS:
            continue
        close = text.find(f"</{match[1]}>", match.end())
        if close < 0 or not _is_document(text[match.end() : close]):
            continue
        between = text[position : match.start()]
        position = close + len(match[1]) + 3
        if name == last and not between.strip():
            continue
        out += [between, f"<{name}>{mark('document')}</{name}>"]
        last = name
    out.append(text[position:])
    return "".join(out)


def _is_document(inner: str) -> bool:
    return len(inner) >= _LEAST_TAGGED or "\n" in inner.strip()
