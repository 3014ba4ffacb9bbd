"""Character classes of writing systems for regular expressions."""

from __future__ import annotations

import sys
import unicodedata

# Written without blanks between words: each character (with its marks) is a token of its own, as
# Unicode's default segmentation has it for Han and Hiragana (UAX #29); Thai, Lao, Khmer, Myanmar
# and Tibetan would need a dictionary for words, so their clusters serve.
UNSPACED = (
    "\u0e00-\u0e3e\u0e40-\u0e7f\u0e80-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff"
)


def _marks() -> str:
    """Combining marks (categories Mn and Mc) and joiners, as ranges."""
    codes = [
        code for code in range(0x300, 0x20000) if unicodedata.category(chr(code)) in ("Mn", "Mc")
    ]
    ranges: list[list[int]] = []
    for code in [*codes, 0x200C, 0x200D]:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


MARKS = sys.intern(_marks())
LETTER = rf"[^\W_{UNSPACED}]"  # of a script with blanks between words; digits too
WORD = rf"{LETTER}+(?:[{MARKS}]+{LETTER}*)*"
CLUSTER = rf"[{UNSPACED}][{MARKS}]*"
