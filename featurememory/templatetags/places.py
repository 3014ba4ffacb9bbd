"""Paths that templates get ready-made, under the path the server lives at."""

from __future__ import annotations

from django import template

from featurememory.http.base_path import place_path

register = template.Library()


@register.filter
def placed(path: str) -> str:
    """`/patterns/` as the browser has to ask for it; `{% url %}` does this by itself."""
    return place_path(path)
