"""Character classes agree with Unicode."""

from __future__ import annotations

import re
import unicodedata

from patterns.engine.text.scripts import MARKS, UNICODE

JOINERS = {0x200C, 0x200D}


def test_the_marks_are_those_of_unicode() -> None:
    known = {c for c in range(0x300, 0x20000) if unicodedata.category(chr(c)) in ("Mn", "Mc")}
    is_mark = re.compile(f"[{MARKS}]").fullmatch
    written = {code for code in range(0x20000) if is_mark(chr(code))}

    assert written - known == JOINERS
    # A newer Unicode knows more of them: then the list may be renewed with the recogniser's version.
    assert not known - written or unicodedata.unidata_version > UNICODE
