"""Answers nearly repeated requests from the cache; only where a person has enabled it.

Nearly repeated means equal but for spacing, case and punctuation that say nothing (`normal`), or
also but for articles and courtesies (`content`). Everything else has to be the same word at the
same place. So two requests that differ in a negation, number, unit, date or name never share a
key: there is no measure of likeness that could outvote such a word.
"""

from __future__ import annotations

import re
import unicodedata

from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Task
from optimizations.engine.kinds import request_keys

OPENING, CLOSING = "\"'“”„‘’«»([{¿¡", "\"'“”‘’«»)]}.,;:?!…"
# Marks of quoted or listed text, where any word may matter: nothing is left out of such a request.
QUOTED = re.compile(r"[\"“”„«»`]|:\s|(?<!\w)['‘]")
# Spelled alike but for their capitals, another thing: "US" is not "us", nor "May" "may".
_CAPITAL = """us it who aids may march august mark bill will rose grace hope faith joy polish turkey
    china chad jordan georgia apple amazon target gap shell orange meta oracle chase discover visa
    word windows teams edge swift rust go java python ruby excel access outlook or me in hi ok am
    pm id can ms mm mg kg"""
CAPITAL = frozenset(_CAPITAL.split())
# Before "a" these show that it is an article: it is none in "vitamin a" and "plan a".
_BEFORE_A = """is was are were be for of in on at to from with by as have has had get got want need
    make made do does give send open order buy and or but if when that about into over without"""
BEFORE_A = frozenset(_BEFORE_A.split())
COUNTED = frozenset({"few", "little", "lot", "while"})  # "a few" is not "few"
GREETINGS = frozenset({"hi", "hello", "hey"})
LEAST = 2  # words that have to remain


class CacheSimilar:
    """Proposed when at least 5 % of the requests nearly repeat another one."""

    name = "cache_similar"
    levels: tuple[str, ...] = ("normal", "content")
    repeats = 0.05
    summary = "Answer nearly repeated requests from the cache"

    def is_on(self, settings: PolicySettings) -> bool:
        return settings.cache_similar and self.name in settings.kinds

    def bound(self, settings: PolicySettings) -> float:
        return settings.cache_similar_error

    def keys(self, task: Task) -> dict[str, str]:
        text = request_keys.asked_text(task.input)
        if not text:
            return {}
        around, words = request_keys.context_parts(task), normalize_words(text)
        return {
            "normal": request_keys.digest([around, words]),
            "content": request_keys.digest([around, content_words(text, words)]),
        }


def normalize_words(text: str) -> list[str]:
    """The words of a text without outer punctuation, case folded where it carries no meaning.

    The lay-out of several lines may be code, and stays as it is.

    >>> normalize_words("Where is  my ORDER?") == normalize_words("where is my order")
    True
    """
    if "\n" in text.strip():
        return [text.strip()]
    found: list[str] = []
    opens = True
    for raw in unicodedata.normalize("NFC", text).split():
        word = strip_marks(raw)
        if word:
            unit = bool(found) and has_digit(found[-1]) and not opens
            found.append(word if unit else fold_case(word, opens))
        opens = raw[-1] in ".!?:…"
    return found


def strip_marks(word: str) -> str:
    """Strips quotes, brackets and sentence marks; "5!", "C#" and ".NET" keep theirs."""
    closing = CLOSING.replace("!", "") if has_digit(word) else CLOSING
    return word.lstrip(OPENING).rstrip(closing).replace("’", "'")


def fold_case(word: str, opens: bool) -> str:
    """`opens`: it is the first word of a sentence, where a capital carries no meaning."""
    small = word.casefold()
    if word == small or (opens and word == small.capitalize()):
        return small
    one = len(word) == 1 and word != "I"  # "vitamin A", "plan B"
    mixed = len(word) <= 4 and not word.isupper() and not word.istitle()  # "mW", "kB"
    return word if has_digit(word) or one or mixed or small in CAPITAL else small


def content_words(text: str, words: list[str]) -> list[str]:
    """Drops articles, greeting and courtesies, unless one of them may be what is asked about."""
    if QUOTED.search(text.strip()):
        return words
    start, end = find_courtesies(text.split(), words)
    kept = words[start:end]
    around = zip(["is", *kept], kept, [*kept[1:], ""], strict=False)
    plain = [word for before, word, after in around if not is_article(before, word, after)]
    return plain if len(plain) >= LEAST else words


def is_article(before: str, word: str, after: str) -> bool:
    if not after or after in COUNTED or len(after) == 1:
        return False
    return word == "the" or (word in ("a", "an") and before in BEFORE_A)


def find_courtesies(raw: list[str], words: list[str]) -> tuple[int, int]:
    """First and last word without courtesies. A greeting opens a request, thanks close it, and a comma
    or full stop separates them: in "how do you say thanks" they are part of the question."""
    start, end = 0, len(words)
    if (
        not raw or len(raw) != end
    ):  # marks that stand alone: we do not know which word they belong to
        return start, end
    if words[0] in GREETINGS and raw[0][-1] in ",.!":
        start = 1
    if words[start : start + 1] == ["please"]:
        start += 1
    for closing in (["please"], ["thanks"], ["thank", "you"]):
        at = end - len(closing)
        if at > start and words[at:end] == closing and raw[at - 1][-1] in ",.!?":
            end = at
    return (start, end) if end - start >= LEAST else (0, len(words))


def has_digit(word: str) -> bool:
    return any(c.isnumeric() for c in word)
