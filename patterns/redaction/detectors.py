"""Finds e-mail addresses, phone and card numbers, IBANs, keys and tokens in texts.

Every expression is linear: counts are bounded, and what may repeat cannot be read in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable

OPEN, CLOSE = "⟦", "⟧"  # no language writes them, so a mark is told from a text
SECRETS = (
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{1,20000}-----END [A-Z ]{0,30}PRIVATE KEY-----",
    r"\b(?:sk|pk|rk|hf|fm|xox[abprs]|gh[pousr]|glpat|npm|pypi)[_-][A-Za-z0-9_-]{16,400}",
    r"\bA(?:KIA|SIA|Iza)[A-Za-z0-9_-]{16,60}",
    r"\beyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{0,4000}",
    r"(?i:\bbearer) {1,3}[A-Za-z0-9._~+/=-]{12,4000}",
    r"(?i:\b(?:password|passwd|secret|token|api[_-]?key))[\"']? {0,2}[:=] {0,2}[^\s,;]{6,400}",
)
LENGTHS = {"AT": 20, "BE": 16, "CH": 21, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18}
LENGTHS |= {
    "FR": 27,
    "GB": 22,
    "GR": 27,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IT": 27,
    "LI": 21,
    "LT": 20,
}
LENGTHS |= {
    "LU": 20,
    "LV": 21,
    "NL": 18,
    "NO": 15,
    "PL": 28,
    "PT": 25,
    "RO": 24,
    "SE": 24,
    "SI": 19,
}
LENGTHS |= {"SK": 24, "TR": 26}


def has_check_digit(text: str) -> bool:
    """Luhn's check over 14 to 19 digits, as on every payment card. They begin with 3 to 6; times in
    milliseconds have 13 digits, those in nanoseconds begin with 1."""
    digits = [int(one) for one in text if one.isdigit()]
    doubled = (sum(divmod(2 * one, 10)) for one in digits[-2::-2])
    if not 14 <= len(digits) <= 19 or not 3 <= digits[0] <= 6:
        return False
    return (sum(doubled) + sum(digits[::-2])) % 10 == 0


def measure_iban(text: str) -> int:
    """How many characters of a text that begins like an IBAN are one; 0: none."""
    length, found = LENGTHS.get(text[:2], 0), ""
    for place, one in enumerate(text):
        found += one if one != " " else ""
        if len(found) == length:
            number = "".join(str(int(c, 36)) for c in found[4:] + found[:4])
            return place + 1 if int(number) % 97 == 1 else 0
    return 0


def always(text: str) -> int:
    return len(text)


def if_card(text: str) -> int:
    return len(text) if has_check_digit(text) else 0


Check = Callable[[str], int]
DETECTORS: tuple[tuple[str, re.Pattern[str], Check], ...] = (
    ("secret", re.compile("|".join(SECRETS)), always),
    ("email", re.compile(r"[\w.%+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}"), always),
    ("iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}"), measure_iban),
    ("card", re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)", re.ASCII), if_card),
    (
        "phone",
        re.compile(
            r"(?<![\w+])(?:\+|00)[1-9](?:[ .()/-]{0,2}\d){6,14}(?!\d)"
            r"|(?<!\d)\(?\d{3}\)?[ .-]\d{3}[.-]\d{4}(?!\d)",
            re.ASCII,
        ),
        always,
    ),
)


def redact_text(text: str) -> str:
    """The text with marks like ⟦email⟧ in place of what was found."""
    for name, expression, check in DETECTORS:
        text = expression.sub(lambda found: mark(name, found[0], check), text)  # noqa: B023
    return text


def mark(name: str, found: str, check: Check) -> str:
    size = check(found)
    return f"{OPEN}{name}{CLOSE}{found[size:]}" if size else found
