"""Texts without their words: keyed digests in letters, numbers of the same shape, blanks and marks.

The same word becomes the same digest in one project, so that what recurs still recurs; without the
project's key nobody can tell which word it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b

# Without a to f, so that no digest is taken for a hexadecimal number; 38 bits: among 100,000 words
# two are expected to meet once in 50 projects.
ALPHABET, LETTERS = "ghijklmnopqrstuvwxyz", 9
MOST_WORDS = 1500  # kept at each end of a text: recognition looks at no more
LONGEST = 60_000  # characters in which words are looked for, half at each end

# Blanks, ASCII signs and the common signs of other scripts stay: they are the shape.
_SIGNS = r"\s!-/:-@\[-`{-~“”„‘’‚«»‹›–—…·•。、，！？：；（）「」『』【】《》。"
_WORD = re.compile(rf"[^{_SIGNS}]+")
_RUNS = re.compile(r"\d+|\D+")
_HEX = re.compile(r"[0-9a-f]+\Z|[0-9A-F]+\Z")
_TIME = re.compile(r"[0-9]{2}T[0-9]{2}|[0-9]{2,9}Z")  # parts of a moment in time
_SCHEMES = frozenset({"http", "https", "www"})


class Shaper:
    """Replaces words by digests; `met` is called with each word of letters and its digest."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.digest_word = lru_cache(maxsize=32_768)(self._digest_word)
        self._shape_word = lru_cache(maxsize=32_768)(self._make_shape)

    def shape_text(self, text: str, met: Callable[[str], None] | None = None) -> str:
        """The text with the shape of each word in its place; what is between the ends of a long text
        becomes one digest."""
        if len(text) <= LONGEST:
            words = list(_WORD.finditer(text))
            if len(words) <= 2 * MOST_WORDS:
                return self._shape_part(text, met)
            begin, end = text[: words[MOST_WORDS].start()], text[words[-MOST_WORDS].start() :]
        else:
            begin, end = text[: LONGEST // 2], text[-LONGEST // 2 :]
        between = self._digest_word(text[len(begin) : len(text) - len(end)])
        return f"{self._shape_part(begin, met)} {between} {self._shape_part(end, met)}"

    def _shape_part(self, text: str, met: Callable[[str], None] | None) -> str:
        def replace(match: re.Match[str]) -> str:
            word = match.group()
            if met is not None and word.isalpha():
                met(word)
            return self._shape_word(word)

        return _WORD.sub(replace, text)

    def _make_shape(self, word: str) -> str:
        if word.isalpha():
            return word if word in _SCHEMES else self.digest_cased(word)
        runs = _RUNS.findall(word)
        if _TIME.fullmatch(word):
            return "".join(run if run in "TZ" else self._shape_number(run) for run in runs)
        if len(runs) > 2 or (len(word) >= 4 and _HEX.match(word) and not word.isdigit()):
            return self._shape_mixed(word)
        return "".join(self._shape_run(run) for run in runs)

    def digest_cased(self, word: str) -> str:
        """Small, Capitalised or CAPITAL letters stay such."""
        digest = self.digest_word(word.casefold())
        if word[:1].isupper():
            return digest.upper() if len(word) > 1 and word.isupper() else digest.capitalize()
        return digest

    def _digest_word(self, word: str) -> str:
        number = int.from_bytes(self._hash(word, 8), "big")
        letters = []
        for _ in range(LETTERS):
            number, place = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[place])
        return "".join(letters)

    def digest_number(self, text: str) -> int:
        return int.from_bytes(self._hash(text, 4), "big")

    def _shape_run(self, run: str) -> str:
        return self._shape_number(run) if run[0].isdigit() else self.digest_cased(run)

    def _shape_number(self, digits: str) -> str:
        """As many digits, which still are a day, an hour or a part of an address where they may be one."""
        number = int.from_bytes(self._hash(digits, 8), "big")
        if len(digits) == 2:
            return f"{1 + number % 12:02}"
        if len(digits) == 3:
            return str(100 + number % 156)
        low = 0 if len(digits) == 1 or digits[0] == "0" else 10 ** (min(len(digits), 18) - 1)
        high = 10 ** min(len(digits), 18)
        return str(low + number % (high - low)).zfill(min(len(digits), 18)) + "7" * (
            len(digits) - 18
        )

    def _shape_mixed(self, word: str) -> str:
        """Letters and digits in turn, as in ids: each stays what it is."""
        letters = "abcdef" if _HEX.match(word) else ALPHABET
        stream = b""
        while len(stream) < len(word):
            stream += self._hash(f"{len(stream)} {word}", 64)
        return "".join(
            shape_character(one, byte, letters) for one, byte in zip(word, stream, strict=False)
        )

    def _hash(self, text: str, size: int) -> bytes:
        return blake2b(text.encode("utf-8", "replace"), key=self._key, digest_size=size).digest()


def shape_character(one: str, byte: int, letters: str) -> str:
    if one.isdigit():
        return str(byte % 10)
    letter = letters[byte % len(letters)]
    return letter.upper() if one.isupper() else letter
