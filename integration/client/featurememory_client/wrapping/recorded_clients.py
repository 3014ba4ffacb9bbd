"""The hooks: every call of an SDK's client goes through its `request`, however it was made.

`create`, `parse`, the stream helpers, `with_raw_response` and the rest all end there; retries
happen below it. What is none of our endpoints passes untouched.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from featurememory_client.wrapping.served_requests import serve, serve_async
from featurememory_client.wrapping.stand_ins import name_after
from featurememory_client.wrapping.wishes import Wishes


@lru_cache(maxsize=64)
def make_client_class(base: Any, wishes: Wishes) -> type:
    class Recorded(base):  # type: ignore[misc]
        feature_memory_wishes = wishes

        def request(self, cast_to: Any, options: Any, *args: Any, **kwargs: Any) -> Any:
            return serve(self, super().request, cast_to, options, *args, **kwargs)

    return name_after(base, Recorded)


@lru_cache(maxsize=64)
def make_async_client_class(base: Any, wishes: Wishes) -> type:
    class Recorded(base):  # type: ignore[misc]
        feature_memory_wishes = wishes

        async def request(self, cast_to: Any, options: Any, *args: Any, **kwargs: Any) -> Any:
            return await serve_async(self, super().request, cast_to, options, *args, **kwargs)

    return name_after(base, Recorded)
