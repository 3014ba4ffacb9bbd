"""The table of a list, for templates."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from featurememory.lists import table_html
from featurememory.lists.listing import Listing

register = template.Library()


@register.simple_tag
def list_head(listing: Listing) -> SafeString:
    return table_html.write_head(listing)


@register.simple_tag
def list_body(listing: Listing) -> SafeString:
    return table_html.write_body(listing)
