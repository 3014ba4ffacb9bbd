"""Inputs as nobody would write them, one small grammar for each kind of text."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

WORDS = (
    "order",
    "refund",
    "invoice",
    "login",
    "server",
    "timeout",
    "city",
    "please",
    "summarise",
    "error",
)
SCRIPTS = (
    "请翻译以下句子 把这段话总结 耗时 用户 登录 失败",
    "次の文章を要約してください 注文 番号 東京",
    "ช่วยแปลประโยคนี้ หน่อย สั่งซื้อ",
    "يرجى ترجمة الجملة التالية رقم الطلب",
    "שלום תרגם את המשפט",
    "कृपया इस वाक्य का अनुवाद करें",
    "주문번호를 확인해 주세요 번역",
    "Łódź İstanbul straße ﬁn naïve",
)
CONTROLS = "".join(map(chr, range(32))) + "\x7f\x85\u200b\u200e\u2028\u2029\ufeff\ufffe\U0010ffff"
SURROGATES = ("\ud83d", "\ude00", "\udfff", "a\ud800b")
ESCAPES = (
    r"\u0000",
    r"\\u0000",
    r"\x00",
    r"\n",
    r"\ud83d",
    "%00",
    "&#0;",
    "{0}",
    "%s",
    "${x}",
    "<*>",
)
BLANKS = (" ", "\u00a0", "\t", "\n", "\r\n", "\u3000", "\u2003")
QUOTES = "\"'`[](){}<>|=:,;"


def word(r: random.Random) -> str:
    if r.random() < 0.25:
        return r.choice(r.choice(SCRIPTS).split())
    return r.choice(WORDS)


def number(r: random.Random) -> str:
    return r.choice(
        [
            str(r.randrange(-100, 10_000)),
            str(10 ** r.randrange(1, 400)),
            f"{r.uniform(-1e308, 1e308):e}",
            r.choice(
                ["1e999", "-0", "NaN", "Infinity", "٣٤٥", "１２３", "²", "½", "0x1F", "1,234.50 €"]
            ),
            f"{r.randrange(256)}.{r.randrange(999)}.0.1:{r.randrange(70_000)}",
        ]
    )


def oddity(r: random.Random) -> str:
    return r.choice(
        [
            r.choice(CONTROLS),
            r.choice(SURROGATES),
            r.choice(ESCAPES),
            r.choice(BLANKS) * r.randrange(1, 5),
            r.choice(QUOTES) * r.randrange(1, 4),
            "".join(chr(r.randrange(0x300, 0x36F)) for _ in range(r.randrange(1, 30))),
            "👩‍👩‍👧‍👦" * r.randrange(1, 4),
            number(r),
        ]
    )


def prompt(r: random.Random) -> str:
    """A template with slots, oddities between its words."""
    head = r.choice(
        ["Translate to German: ", "Summarise user ", "请翻译: ", "ช่วยแปล ", "ترجم: ", ""]
    )
    middle = " ".join(word(r) if r.random() < 0.8 else oddity(r) for _ in range(r.randrange(1, 30)))
    return head + middle + r.choice(["", "?", "\n\n", " please."])


def log_line(r: random.Random) -> str:
    """Begins with a value, holds key=value, quotes and brackets, or all of it."""
    parts = [number(r), f"{word(r)}={number(r)}", f'{word(r)}="{word(r)}', f"[{word(r)}]", word(r)]
    parts += [f"{word(r)}=", f"={number(r)}", "2026-11-22T10:00:00Z", oddity(r), f"<{word(r)}>:"]
    r.shuffle(parts)
    return r.choice([" ", "  ", "\t", ""]).join(parts[: r.randrange(1, len(parts) + 1)])


def nested(r: random.Random, depth: int) -> Any:
    """A JSON value; some go straight down to `depth`."""
    value: Any = r.choice([None, True, 0, -1.5e300, "", oddity(r), prompt(r), [], {}])
    for _ in range(r.choice([0, 1, 2, 3, depth])):
        other = r.choice([number(r), oddity(r), r.randrange(1 << 70), None])
        value = [value, other] if r.random() < 0.5 else {oddity(r): other, word(r): value}
    return value


def json_object(r: random.Random) -> Any:
    keys = [r.choice([word(r), oddity(r), "", "messages", "input", "content"]) for _ in range(6)]
    return {key: nested(r, 60) for key in keys[: r.randrange(1, 7)]}


def chat(r: random.Random) -> Any:
    roles = ["system", "user", "assistant", "tool", "", oddity(r)]
    said = [
        {"role": r.choice(roles), "content": r.choice([prompt(r), None, [nested(r, 5)], 3])}
        for _ in range(r.randrange(0, 6))
    ]
    return r.choice([said, {"messages": said}, {"contents": said}, {"messages": nested(r, 3)}])


def monotone(r: random.Random) -> str:
    """Long and the same all over: blanks, one sign, one word, half quotes."""
    unit = r.choice(
        [*BLANKS, *QUOTES, *ESCAPES, "a", "0", "ab ", "请", "a=1 ", "\ud83d", "e\u0301", "-."]
    )
    return (unit * (60_000 // len(unit)))[: r.choice([50, 2_000, 60_000])]


def encoded(r: random.Random) -> str:
    data = base64.b64encode(r.randbytes(r.choice([30, 900, 20_000]))).decode()
    return r.choice(["", "Describe: ", "data:image/png;base64,"]) + data


def json_text(r: random.Random) -> str:
    text = json.dumps(r.choice([json_object, chat])(r), ensure_ascii=r.random() < 0.5)
    return text if r.random() < 0.6 else text[: r.randrange(len(text) + 1)]


def noise(r: random.Random) -> str:
    return "".join(oddity(r) for _ in range(r.randrange(0, 40)))


KINDS: dict[str, Callable[[random.Random], Any]] = {
    "prompt": prompt,
    "log_line": log_line,
    "json_object": json_object,
    "chat": chat,
    "monotone": monotone,
    "encoded": encoded,
    "json_text": json_text,
    "noise": noise,
    "nested": lambda r: nested(r, 190),
}


def damaged_item(r: random.Random) -> bytes:
    """The JSON of an interaction as a client might send it, often broken."""
    given = {
        "id": r.choice([f"i-{r.randrange(1 << 40)}", oddity(r), 7, "x" * 200]),
        "model_id": r.choice(["m", oddity(r), None, "x" * 300]),
        "input": KINDS[r.choice(list(KINDS))](r),
        "output": r.choice([None, oddity(r), nested(r, 5)]),
        "metadata": r.choice(
            [
                {"timestamp": "2026-11-22T10:00:00Z", "duration": 1},
                {"timestamp": r.choice([number(r), -1, 1e300, True, None]), "duration": 1e15},
                {"timestamp": 1_795_348_800_000, "duration": r.choice([-1, number(r), None, 1e16])},
                nested(r, 3),
            ]
        ),
        r.choice(["usage", "tags", "parameters", "taskType", "unknown", oddity(r)]): nested(r, 4),
    }
    raw = json.dumps(given, ensure_ascii=r.random() < 0.5).encode("utf-8", "surrogatepass")
    if r.random() < 0.3:
        raw = raw.replace(b"1e+300", b"1e999").replace(b"null", r.choice([b"nul", b"-", b"1e999"]))
    if r.random() < 0.2:
        place = r.randrange(len(raw))
        raw = raw[:place] + r.randbytes(r.randrange(1, 4)) + raw[place + r.randrange(3) :]
    return raw if r.random() < 0.9 else raw[: r.randrange(len(raw) + 1)]
