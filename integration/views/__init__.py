"""Pages that span several apps, one module each."""

from __future__ import annotations

import sys

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from featurememory.database.errors import translate_database_error


def show_server_error(request: HttpRequest) -> HttpResponse:
    """What no page and no middleware expected. That the database is away, or full, is said as what it is;
    nothing is read from it here."""
    error = sys.exc_info()[1]
    known = translate_database_error(error) if isinstance(error, Error) else None
    if known is None:
        return HttpResponse(render_to_string("500.html"), status=500)
    response = HttpResponse(render_to_string("503.html", {"error": known}), status=known.status)
    response.headers["Retry-After"] = str(known.details["retry_after"])
    return response


def show_page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)
