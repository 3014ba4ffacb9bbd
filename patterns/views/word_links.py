"""A template whose words and slots are links to what can be done with them."""

from __future__ import annotations

from collections import Counter
from html import escape
from urllib.parse import urlencode

from django.utils.safestring import SafeString, mark_safe

from featurememory.templatetags.drawings import slot_class
from patterns.engine.domain.results import TemplatePart
from patterns.engine.templates.word_rules import HOLE, TemplateLayout
from patterns.models import Pattern


def draw_word_links(row: Pattern) -> SafeString:
    """Addresses are relative to the page of the pattern."""
    layout = TemplateLayout([TemplatePart(str(text), str(slot)) for text, slot in row.parts])
    html, position, slots = list[str](), 0, enumerate(layout.slots, 1)
    seen: Counter[str] = Counter()
    for token in layout.tokens:
        html.append(escape(layout.text[position : token.start]))
        text, position = layout.text[token.start : token.end], token.end
        if token.kind == HOLE:
            html.append(draw_slot_link(*next(slots)))
        elif token.kind == "word":
            seen[token.key] += 1
            html.append(draw_link({"word": token.key, "occurrence": seen[token.key]}, escape(text)))
        else:
            html.append(escape(text))
    html.append(escape(layout.text[position:]))
    return mark_safe("".join(html))


def draw_slot_link(number: int, name: str) -> str:
    return draw_link({"slot": name}, f'<i class="{slot_class(number)}">{{{escape(name)}}}</i>')


def draw_link(query: dict[str, str | int], inner: str) -> str:
    return f'<a class="word" href="word/?{escape(urlencode(query))}">{inner}</a>'
