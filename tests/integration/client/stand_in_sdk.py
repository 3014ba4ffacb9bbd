"""A stand-in for the SDKs of OpenAI and Anthropic: the skeleton of which both are generated.

What the client builds on is here as it is there: `request` under every endpoint, options with
`json_data`, `copy`, `_build_request` and `_process_response`, streams and raw responses. The real
packages are tried as well wherever they are installed (test_real_sdks.py).
"""

from __future__ import annotations

import json
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import httpx

RAW = "X-Stainless-Raw-Response"


class APIStatusError(Exception):
    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response.json()["error"]["message"])
        self.status_code = response.status_code


class APIConnectionError(Exception):
    pass


class Options:
    def __init__(self, **given: Any) -> None:
        self.method, self.url = given["method"], given["url"]
        self.params, self.headers = given.get("params", {}), given.get("headers", {})
        self.timeout, self.max_retries = given.get("timeout"), given.get("max_retries")
        self.json_data, self.extra_json = given.get("json_data"), given.get("extra_json")

    @classmethod
    def construct(cls, **given: Any) -> Options:
        return cls(**given)


class Model(SimpleNamespace):
    """JSON as an object with attributes, as the models of the SDKs are."""

    def model_dump(self, exclude_none: bool = False) -> dict[str, Any]:
        return {n: v for n, v in vars(self).items() if v is not None or not exclude_none}


def parse(value: Any) -> Any:
    return json.loads(json.dumps(value), object_hook=lambda pairs: Model(**pairs))


class BaseClient:
    def __init__(
        self, http: Any, max_retries: int = 0, base_url: str = "http://model.test/v1"
    ) -> None:
        self._client, self.max_retries, self.base_url = http, max_retries, base_url

    def copy(self, *, max_retries: int | None = None) -> Any:
        retries = self.max_retries if max_retries is None else max_retries
        return self.__class__(self._client, retries, self.base_url)

    with_options = copy

    def _build_request(self, options: Options) -> httpx.Request:
        body = {**(options.json_data or {}), **(options.extra_json or {})}
        headers = {"authorization": "Bearer sk-secret", **options.headers}
        return self._client.build_request(
            "POST", self.base_url + options.url, json=body, headers=headers
        )


class SyncAPIClient(BaseClient):
    def post(self, path: str, body: Any, stream: bool = False, **options: Any) -> Any:
        given = Options.construct(method="post", url=path, json_data=body, **options)
        return self.request(Model, given, stream=stream, stream_cls=Stream)

    def request(
        self, cast_to: Any, options: Options, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        retries = self.max_retries if options.max_retries is None else options.max_retries
        for left in range(retries, -1, -1):
            response = self._client.send(self._build_request(options), stream=stream)
            if response.status_code >= 500 and left:
                continue
            if response.status_code >= 400:
                response.read()
                raise APIStatusError(response)
            break
        return self._process_response(
            cast_to=cast_to,
            options=options,
            response=response,
            stream=stream,
            stream_cls=stream_cls,
        )

    def _process_response(
        self, *, cast_to: Any, options: Any, response: Any, stream: bool, stream_cls: Any
    ) -> Any:
        if RAW in options.headers:
            return APIResponse(response, stream_cls if stream else None)
        if stream:
            return stream_cls(response)
        return response.json() if cast_to is object else parse(response.json())


class AsyncAPIClient(BaseClient):
    async def post(self, path: str, body: Any, stream: bool = False, **options: Any) -> Any:
        given = Options.construct(method="post", url=path, json_data=body, **options)
        return await self.request(Model, given, stream=stream, stream_cls=AsyncStream)

    async def request(
        self, cast_to: Any, options: Options, *, stream: bool = False, stream_cls: Any = None
    ) -> Any:
        response = await self._client.send(self._build_request(options), stream=stream)
        if response.status_code >= 400:
            await response.aread()
            raise APIStatusError(response)
        return await self._process_response(
            cast_to=cast_to,
            options=options,
            response=response,
            stream=stream,
            stream_cls=stream_cls,
        )

    async def _process_response(
        self, *, cast_to: Any, options: Any, response: Any, stream: bool, stream_cls: Any
    ) -> Any:
        if stream:
            return stream_cls(response)
        return response.json() if cast_to is object else parse(response.json())


class APIResponse:
    def __init__(self, http_response: httpx.Response, stream_cls: Any) -> None:
        self.http_response, self._stream_cls = http_response, stream_cls

    def parse(self) -> Any:
        if self._stream_cls is not None:
            return self._stream_cls(self.http_response)
        self.http_response.read()
        return parse(self.http_response.json())

    def close(self) -> None:
        self.http_response.close()


class Stream:
    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._iterator = self.__stream__()

    def __stream__(self) -> Any:
        try:
            for line in self.response.iter_lines():
                if line.startswith("data: {"):
                    yield parse(json.loads(line[6:]))
        except httpx.HTTPError as error:
            raise APIConnectionError from error
        finally:
            self.response.close()

    def __iter__(self) -> Any:
        yield from self._iterator

    def __next__(self) -> Any:
        return next(self._iterator)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def close(self) -> None:
        self.response.close()


class AsyncStream:
    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._iterator = self.__stream__()

    async def __stream__(self) -> Any:
        async for line in self.response.aiter_lines():
            if line.startswith("data: {"):
                yield parse(json.loads(line[6:]))

    async def __aiter__(self) -> Any:
        async for item in self._iterator:
            yield item

    async def __anext__(self) -> Any:
        return await self._iterator.__anext__()

    async def close(self) -> None:
        await self.response.aclose()


class Endpoints:
    """`create(...)` of each endpoint; what begins with `extra_` is not part of the body."""

    def __init__(self, client: Any, path: str, raw: bool = False) -> None:
        self._client, self._path, self._raw = client, path, raw

    def create(
        self,
        *,
        stream: bool = False,
        extra_headers: Any = None,
        extra_body: Any = None,
        **body: Any,
    ) -> Any:
        headers = {**(extra_headers or {}), **({RAW: "true"} if self._raw else {})}
        body |= {"stream": True} if stream else {}
        return self._client.post(self._path, body, stream, headers=headers, extra_json=extra_body)

    @property
    def with_raw_response(self) -> Endpoints:
        return Endpoints(self._client, self._path, raw=True)


class Resources:
    """Made once and kept, as the SDKs keep theirs."""

    @cached_property
    def completions(self) -> Endpoints:
        return Endpoints(self, "/chat/completions")

    @cached_property
    def responses(self) -> Endpoints:
        return Endpoints(self, "/responses")

    @cached_property
    def embeddings(self) -> Endpoints:
        return Endpoints(self, "/embeddings")

    @cached_property
    def messages(self) -> Endpoints:
        return Endpoints(self, "/v1/messages")

    @cached_property
    def files(self) -> Endpoints:
        return Endpoints(self, "/files/completions/x")


class Provider(Resources, SyncAPIClient):
    pass


class AsyncProvider(Resources, AsyncAPIClient):
    pass
