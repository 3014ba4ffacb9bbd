"""How free text becomes a vector: by its letters, by a table in a wheel, by an endpoint.

The default is no embedder at all: letters are compared in the space learnt from the texts
themselves (`latent_space`). Nothing here opens a socket unless an endpoint was configured.
"""

from __future__ import annotations

import functools
import importlib.util
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np

from patterns.engine.domain.arrays import Floats
from patterns.engine.grouping.free_text.char_ngrams import scale_to_unit


class EmbedderError(Exception):
    """No vectors now: the extra is not installed, or the endpoint does not answer."""


class Embedder(Protocol):
    """Texts to unit vectors, one row each. Groups made with one `version` fit no other."""

    @property
    def version(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Floats:
        """Raises `EmbedderError` when there is no answer."""
        ...


class StaticEmbedder:
    """The table of token vectors that ships inside the wheel `wordllama` (extra `static`).

    256 dimensions, no download: tokenizer and weights are read from the installed package. The
    package itself is not imported, because it would look for files in the network.
    """

    version = "wordllama-l2-256"
    _TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
    _WEIGHTS = "weights/l2_supercat_256.safetensors"

    def __init__(self) -> None:
        spec = importlib.util.find_spec("wordllama")
        if spec is None or not spec.submodule_search_locations:
            raise EmbedderError('install the extra "static" for static embeddings')
        folder = Path(next(iter(spec.submodule_search_locations)))
        try:
            from safetensors.numpy import load_file
            from tokenizers import Tokenizer

            self._tokenizer = Tokenizer.from_file(str(folder / self._TOKENIZER))
            self._table = load_file(folder / self._WEIGHTS)["embedding.weight"]
        except (ImportError, OSError, KeyError, ValueError) as error:
            raise EmbedderError(f"this wordllama has other files than expected: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(512)

    def embed(self, texts: Sequence[str]) -> Floats:
        readable = [text.encode("utf-8", "replace").decode() for text in texts]
        found = self._tokenizer.encode_batch(readable, add_special_tokens=False)
        rows = [self._table[one.ids or [0]].astype(np.float32).mean(0) for one in found]
        return scale_to_unit(np.stack(rows)) if rows else np.zeros((0, 256), dtype=np.float32)


class _Vector(msgspec.Struct):
    embedding: list[float]
    index: int = 0


class _Answer(msgspec.Struct):
    data: list[_Vector]


class EndpointEmbedder:
    """An OpenAI-compatible `POST {url}/embeddings` (extra `endpoint`).

    Texts go in batches of `batch`, each within `timeout` seconds. After `failures` failed batches
    in a row the endpoint is left alone for `pause` seconds and `embed` raises at once.
    `transport` is for tests: an `httpx.BaseTransport` instead of the network.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: str = "",
        *,
        timeout: float = 5.0,
        batch: int = 64,
        failures: int = 3,
        pause: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        transport: Any = None,
    ) -> None:
        self.url, self.model, self.batch = f"{url.rstrip('/')}/embeddings", model, max(1, batch)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout, self._transport, self._clock = timeout, transport, clock
        self._failures, self._pause = failures, pause
        self._failed, self._closed_until = 0, 0.0
        self._client: Any = None

    @property
    def version(self) -> str:
        return f"endpoint:{self.model}"

    def embed(self, texts: Sequence[str]) -> Floats:
        parts = [self._batch(texts[i : i + self.batch]) for i in range(0, len(texts), self.batch)]
        if len({part.shape[1] for part in parts}) > 1:
            raise EmbedderError("the endpoint changed the length of its vectors")
        return scale_to_unit(np.vstack(parts)) if parts else np.zeros((0, 0), dtype=np.float32)

    def _batch(self, texts: Sequence[str]) -> Floats:
        if self._clock() < self._closed_until:
            raise EmbedderError("the embeddings endpoint failed and is being left alone")
        try:
            vectors = self._ask(texts)
        except Exception as error:
            self._note_failure()
            raise EmbedderError(f"no embeddings from {self.url}: {error}") from error
        self._failed = 0
        return vectors

    def _ask(self, texts: Sequence[str]) -> Floats:
        body = {"model": self.model, "input": list(texts)}
        response = self._connection().post(self.url, json=body)
        response.raise_for_status()
        found = msgspec.json.decode(response.content, type=_Answer).data
        if sorted(vector.index for vector in found) != list(range(len(texts))):
            raise ValueError(f"{len(found)} vectors for {len(texts)} texts")
        ordered = sorted(found, key=lambda vector: vector.index)
        matrix = np.array([vector.embedding for vector in ordered], dtype=np.float32)
        if matrix.ndim != 2 or not np.isfinite(matrix).all():
            raise ValueError("vectors of unequal length or with values that are no numbers")
        return matrix

    def _connection(self) -> Any:
        if self._client is None:
            import httpx

            self._client = httpx.Client(
                timeout=self._timeout, headers=self._headers, transport=self._transport
            )
        return self._client

    def _note_failure(self) -> None:
        self._failed += 1
        if self._failed >= self._failures:
            self._closed_until = self._clock() + self._pause
            self._failed = 0


@functools.lru_cache(maxsize=4)
def chosen(embedder: str, url: str = "", model: str = "", key: str = "") -> Embedder | None:
    """The embedder of that name, one a process; None for lexical. Raises `EmbedderError`."""
    if embedder == "static":
        return StaticEmbedder()
    if embedder == "endpoint":
        if not url or not model:
            raise EmbedderError("an embeddings endpoint needs a URL and a model")
        return EndpointEmbedder(url, model, key)
    return None
