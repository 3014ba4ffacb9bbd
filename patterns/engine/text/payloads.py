"""Payloads in a prompt: what the instruction works on, folded into one typed mark each.

JSON, tables, rows, documents between tags, numbered passages, quoted mails and examples have as
many lines as they like, and recur by chance; the instruction around them is the task. Every rule
reads a text once, line by line: the time is linear.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

OPEN, CLOSE = "\ue000", "\ue001"  # private use (Unicode): in no text that means something
KINDS = ("json", "table", "rows", "document", "passages", "examples", "quote", "trace")
LONGEST = 60_000  # characters looked at

_TAG = re.compile(r"<([A-Za-z][\w.:-]{0,40})((?:\s[^<>]{0,200})?)>")
_SAID = (
    "instruction instructions task tasks rule rules role system guideline guidelines format "
    "output output_format response_format goal goals step steps constraint constraints persona "
    "policy policies requirements important style tone schema tools tool b i p br strong em"
)
_INSTRUCTIONS = frozenset(_SAID.split())
MOST_TAGS = 200  # looked at: each may search the rest of the text for its end
_LEAST_TAGGED = 24  # characters between tags that are taken for a document
_LABEL = re.compile(r"\s{0,8}(?:[-*>]\s)?([^\W\d_][\w '’./-]{0,24}?)\s?(?:#?\d{1,4})?\s{0,2}[:：]")
_NUMBERED = re.compile(r"\s{0,4}(?:\[\d{1,4}\]|\(\d{1,4}\)|【\d{1,4}】)\s?\S")
_HEAD = re.compile(r"\s{0,3}(-{3,}|={3,}|#{2,6}|\*{3,}|~{3,})\s{0,4}[^\s=*~#-]")
_VALUE = re.compile(r"(?<![0-9a-f])[0-9a-f]{0,40}\d[\w.,%:/-]{0,200}")
_ARROWS = (" => ", " -> ", " → ", " ⇒ ", "\t", " || ", " :: ")
_YAML = re.compile(r"\s{0,40}(?:-\s{1,4})?[\w./-]{1,60}:(?:\s|$)|\s{0,40}-\s{1,4}\S")
_NESTED = re.compile(r"\s{1,40}\S|-\s")
_TRACE = re.compile(
    r"\s{0,12}(?:at\s[\w.$<>/]{1,200}\s?\(|File \"[^\"]{1,300}\", line \d|Traceback \(most recent|"
    r"Caused by:|\.\.\. \d{1,5} more|goroutine \d|\d{1,3}: 0x[0-9a-f]|panic: |"
    r"(?:[\w/]{1,80}+\.|\(\*?\w{1,60}+\)\.){1,8}+\w{1,60}+\((?:0x[0-9a-f]|\.\.\.)|"
    r"\S{1,200}:\d{1,6}(?: \+0x[0-9a-f]{1,16})?$|"
    r"(?:[\w$]{1,60}\.){0,12}[A-Z]\w{0,60}(?:Error|Exception)\b(?::|$))"
)
# "Exception in thread main …", "net.timeouts.Expired: 30 s": a name, alone or before what it says
_THROWN = re.compile(
    r"(?:Exception|Error|Fatal|Unhandled)\b.|(?:[\w$]{1,60}\.){0,12}[A-Z]\w{0,60}(?::\s|$)"
)
_TIMED = re.compile(
    r"\s{0,8}[\[(]?(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}[T ]|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4},? )?"
    r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp][Mm])?[\])]?\s"
)
_HTML = re.compile(
    r"<(?:!doctype|\?xml)\b[^<>]{0,500}>|</?(?:html|head|body|div|span|p|table|thead|tbody|tr|td|th|ul|ol|li|h[1-6]|a|article|section|"
    r"main|footer|header|nav|form|button|img)\b[^<>]{0,500}>",
    re.IGNORECASE,
)
_LEAST_HTML = 4  # tags
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")


def mark(kind: str) -> str:
    """What stands for a payload of this kind; the tokenizer reads it as one token."""
    return f"{OPEN}{kind}{CLOSE}"


def fold_payloads(text: str) -> str:
    """The text with its payloads as marks. Texts without any come back as they are.

    >>> fold_payloads('Classify: {"a": 1, "b": [2, 3]} now').replace(OPEN, "<").replace(CLOSE, ">")
    'Classify: <json> now'
    """
    if len(text) > LONGEST or OPEN in text:
        return text
    if '"' in text or "'" in text:
        text = fold_json(text)
    if "<" in text and "</" in text:
        text = fold_tagged(fold_html(text))
    return fold_lines(text) if "\n" in text else text


# --- JSON -----------------------------------------------------------------------------------------


def fold_json(text: str) -> str:
    """Objects and lists of objects, texts or numbers in JSON, wherever they stand."""
    out: list[str] = []
    position = 0
    for begin, end in _balanced(text):
        if begin >= position and _is_json(text[begin:end]):
            out += [text[position:begin], mark("json")]
            position = end
    out.append(text[position:])
    return "".join(out)


_BRACKETS = re.compile(r'[\[\]{}"\\]')


def _balanced(text: str) -> Iterator[tuple[int, int]]:
    """Outermost pairs of brackets, brackets inside quotes aside; a bracket without end is text."""
    stack: list[tuple[str, int]] = []
    found: list[tuple[int, int]] = []
    quoted = False
    skip = -1
    for match in _BRACKETS.finditer(text):
        at, sign = match.start(), match[0]
        if at == skip:
            continue
        if sign == "\\":
            skip = at + 1
        elif sign == '"':
            quoted = not quoted if stack else False
        elif quoted:
            continue
        elif sign in "[{":
            stack.append((sign, at))
        elif stack and (stack[-1][0] == "[") == (sign == "]"):
            begin = stack.pop()[1]
            while found and found[-1][0] > begin:
                found.pop()
            found.append((begin, at + 1))
        else:
            stack.clear()
    yield from found


def _is_json(part: str) -> bool:
    """An object with a quoted key, or a list of objects, texts or several numbers."""
    inner = part[1:-1].strip()
    if part[0] == "{":
        return inner[:1] in "\"'" and bool(inner) and ":" in inner
    if inner[:1] in '"{[' and inner[-1:] in '"}]':
        return len(inner) > 2
    return inner.count(",") >= 2 and not re.search(r"[A-Za-z]{3}", inner[:200])


# --- HTML ----------------------------------------------------------------------------------------


def fold_html(text: str) -> str:
    """From the first to the last tag of HTML, when there are enough of them."""
    tags = list(_HTML.finditer(text))
    if len(tags) < _LEAST_HTML:
        return text
    return text[: tags[0].start()] + mark("document") + text[tags[-1].end() :]


# --- documents between tags -----------------------------------------------------------------------


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


# --- lines ----------------------------------------------------------------------------------------


def fold_lines(text: str) -> str:
    """Tables, rows, passages with numbers or heads, quotes and examples as marks."""
    lines = text.split("\n")
    kinds = _line_kinds(lines)
    if not any(kinds):
        return text
    out: list[str] = []
    for number, line in enumerate(lines):
        kind = kinds[number]
        if not kind:
            out.append(line)
        elif number == 0 or kinds[number - 1] != kind:
            out.append(mark(kind))
    return "\n".join(out)


def _line_kinds(lines: Sequence[str]) -> list[str]:
    """The kind of payload each line belongs to; "" for lines that are no payload."""
    kinds = [""] * len(lines)
    fenced = _fenced(lines)
    for rule in RULES:
        for first, last, kind in rule(lines):
            if not any(fenced[first : last + 1]) and not any(kinds[first : last + 1]):
                kinds[first : last + 1] = [kind] * (last + 1 - first)
    return kinds


def _fenced(lines: Sequence[str]) -> list[bool]:
    inside, found = False, []
    for line in lines:
        fence = _FENCE.match(line) is not None
        found.append(inside or fence)
        inside = inside != fence
    return found


Span = tuple[int, int, str]


def _runs(flags: Sequence[bool], least: int, kind: str) -> Iterator[Span]:
    first = -1
    for number, flag in enumerate([*flags, False]):
        if flag and first < 0:
            first = number
        elif not flag and first >= 0:
            if number - first >= least:
                yield first, number - 1, kind
            first = -1


def _tables(lines: Sequence[str]) -> Iterator[Span]:
    flags = [line.lstrip()[:1] == "|" and line.count("|") >= 2 for line in lines]
    yield from _runs(flags, 2, "table")


def _rows(lines: Sequence[str]) -> Iterator[Span]:
    """Three lines or more with the same number of delimiters, none of them followed by a blank."""
    for delimiter in ("\t", ";", ",", "|"):
        counts = [
            0 if f"{delimiter} " in line.rstrip() else line.count(delimiter) for line in lines
        ]
        first = 0
        for number in range(1, len(lines) + 1):
            if number < len(lines) and counts[number] == counts[first]:
                continue
            if number - first >= 3 and counts[first] >= 1:
                yield first, number - 1, "rows"
            first = number


def _traces(lines: Sequence[str]) -> Iterator[Span]:
    """A stack trace with its message, which stands before the first frame or behind the last."""
    frames = [number for number, line in enumerate(lines) if _TRACE.match(line)]
    if len(frames) >= 2:
        first, last = frames[0], frames[-1]
        if first and _THROWN.match(lines[first - 1]):
            first -= 1
        if last + 1 < len(lines) and _THROWN.match(lines[last + 1]):
            last += 1
        yield first, last, "trace"


def _yaml(lines: Sequence[str]) -> Iterator[Span]:
    """Four lines of keys or items or more, some of them nested: labels of a form are not."""
    flags = [_YAML.match(line) is not None or _is_comment(line) for line in lines]
    for first, last, kind in _runs(flags, 4, "rows"):
        nested = [_NESTED.match(line) and ":" in line for line in lines[first : last + 1]]
        if sum(map(bool, nested)) * 3 >= len(nested):
            yield first, last, kind


def _is_comment(line: str) -> bool:
    return line.lstrip()[:2] == "# "


def _timed(lines: Sequence[str]) -> Iterator[Span]:
    """Lines of a chat or a log, each with its time; what is indented goes along."""
    heads = [_TIMED.match(line) is not None for line in lines]
    flags = list(heads)
    for number in range(1, len(lines)):
        flags[number] |= (
            flags[number - 1] and lines[number][:1] in (" ", "\t") and bool(lines[number].strip())
        )
    for first, last, kind in _runs(flags, 2, "rows"):
        if sum(heads[first : last + 1]) > 1:
            yield first, last, kind


def _arrows(lines: Sequence[str]) -> Iterator[Span]:
    for arrow in _ARROWS:
        flags = [arrow in f"{line} " for line in lines]
        yield from _runs(flags, 2, "examples")


def _blocks(lines: Sequence[str], heads: Sequence[int], kind: str) -> Iterator[Span]:
    """From each head to the next blank line; blocks with only blank lines between are one."""
    spans: list[list[int]] = []
    begins = set(heads)
    for head in heads:
        last = head
        while last + 1 < len(lines) and lines[last + 1].strip() and last + 1 not in begins:
            last += 1
        if spans and not any(line.strip() for line in lines[spans[-1][1] + 1 : head]):
            spans[-1][1] = last
        else:
            spans.append([head, last])
    yield from ((first, last, kind) for first, last in spans)


def _numbered(lines: Sequence[str]) -> Iterator[Span]:
    heads = [number for number, line in enumerate(lines) if _NUMBERED.match(line)]
    if heads:
        yield from _blocks(lines, heads, "passages")


def _headed(lines: Sequence[str]) -> Iterator[Span]:
    """Blocks under heads that look alike: `--- result 3 | 0.66 ---`, `### Leave (guide 29)`."""
    shapes: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        head = _HEAD.match(line)
        if head:
            words = [_VALUE.sub("#", word) for word in line.split()]
            for shape in {" ".join(words[:2]), f"{words[0]} … {words[-1]}"}:
                shapes.setdefault(shape, []).append(number)
    heads = sorted({n for found in shapes.values() if len(found) > 1 for n in found})
    varied = [n for n in heads if _VALUE.search(lines[n])]
    if len(varied) > 1:
        yield from _blocks(lines, varied, "passages")


def _quotes(lines: Sequence[str]) -> Iterator[Span]:
    yield from _runs([line[:1] == ">" for line in lines], 1, "quote")


def _labelled(lines: Sequence[str]) -> Iterator[Span]:
    """`Review: … Label: …` again and again: from the first to the last of the labels that recur."""
    found = [_LABEL.match(line) for line in lines]
    labels = [match[1].strip().lower() if match else "" for match in found]
    times = Counter(label for label in labels if label)
    places = [n for n, label in enumerate(labels) if times[label] > 1]
    if len(places) >= 3 or (places and len({labels[n] for n in places}) == 1):
        yield places[0], places[-1], "examples"


# What is surest comes first: a line belongs to the payload that takes it first.
RULES = (
    *(_tables, _rows, _traces, _yaml, _timed),
    *(_arrows, _numbered, _headed, _quotes, _labelled),
)
