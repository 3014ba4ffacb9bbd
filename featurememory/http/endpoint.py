"""The base class of endpoints, and the response of lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn
from urllib.parse import urlencode

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.http.pagination import Page


class Endpoint(APIView):
    """A view whose `scopes` say what each method needs: {"GET": "read"}."""

    scopes: ClassVar[Mapping[str, str]] = {}
    # Whether its answers repeat what callers sent: they are not kept while a project redacts.
    holds_content: ClassVar[bool] = False

    def translate(self, error: Exception) -> Exception:
        """What an error means to those who call this endpoint."""
        return error

    def adapt(self, response: Any, content_type: str) -> Any:
        """The answer as those expect it who sent this content type."""
        return response


class NoSuchEndpoint(Endpoint):
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        raise FeatureMemoryError(
            "There is no such endpoint. The list is at /api/v1/docs/.", ErrorCode.NOT_FOUND
        )


def respond_with_page(request: Request, page: Page[Any], data: list[Any], limit: int) -> Response:
    """`{"data", "meta"}` and a Link header (RFC 8288) that names the next page."""
    body = {"data": data, "meta": {"next_cursor": page.next, "limit": limit}}
    response = Response(body)
    if page.next:
        query = {**request.query_params.dict(), "cursor": page.next}
        url = request.build_absolute_uri(f"{request.path}?{urlencode(query)}")
        response["Link"] = f'<{url}>; rel="next"'
    return response
