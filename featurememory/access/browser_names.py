"""Browsers as people call them, from what they say of themselves."""

from __future__ import annotations

import re

# The first that fits: browsers built on another one name that one, too.
BROWSERS = (
    ("Edge", re.compile(r"\bEdg(?:A|iOS)?/(\d{1,4})")),
    ("Opera", re.compile(r"\bOPR/(\d{1,4})")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d{1,4})")),
    ("Chrome", re.compile(r"\b(?:HeadlessChrome|Chrome|CriOS)/(\d{1,4})")),
    ("Safari", re.compile(r"\bVersion/(\d{1,4})[\d.]* (?:Mobile/\w+ )?Safari/")),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def name_browser(agent: str) -> str:
    """ "Firefox 145 on Linux"; what is not known is shown as it was sent."""
    for name, pattern in BROWSERS:
        if found := pattern.search(agent):
            system = next((called for word, called in SYSTEMS if word in agent), "")
            return f"{name} {found[1]} on {system}" if system else f"{name} {found[1]}"
    return agent[:60] or "unknown"
