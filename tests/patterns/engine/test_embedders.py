import json

import httpx
import numpy as np
import pytest

from patterns.engine.embedders import EmbedderError, EndpointEmbedder, StaticEmbedder


class Endpoint:
    """An embeddings server in a function: the length of a text is its vector."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.broken = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.broken:
            return httpx.Response(503)
        texts = json.loads(request.content)["input"]
        self.asked.append(texts)
        data = [{"index": i, "embedding": [len(text), 1.0]} for i, text in enumerate(texts)]
        return httpx.Response(200, json={"data": data[::-1]})


def embedder(endpoint, **options):
    transport = httpx.MockTransport(endpoint)
    return EndpointEmbedder("http://localhost/v1", "m", transport=transport, **options)


def test_vectors_come_back_in_the_order_of_the_texts_in_batches():
    endpoint = Endpoint()
    vectors = embedder(endpoint, batch=2).embed(["", "aaa", "a"])
    assert endpoint.asked == [["", "aaa"], ["a"]]
    assert np.allclose(vectors[:, 0] / vectors[:, 1], [0, 3, 1])


def test_no_text_asks_nobody():
    endpoint = Endpoint()
    assert len(embedder(endpoint).embed([])) == 0
    assert endpoint.asked == []


def test_a_failing_endpoint_is_left_alone_for_a_while_and_then_asked_again():
    endpoint, now = Endpoint(), [0.0]
    one = embedder(endpoint, failures=2, pause=10, clock=lambda: now[0])
    endpoint.broken = True
    for _ in range(2):
        with pytest.raises(EmbedderError):
            one.embed(["a"])
    endpoint.broken = False
    with pytest.raises(EmbedderError, match="left alone"):
        one.embed(["a"])
    now[0] = 11.0
    assert one.embed(["a"]).shape == (1, 2)


def test_an_answer_with_too_few_vectors_is_refused():
    one = embedder(lambda request: httpx.Response(200, json={"data": []}))
    with pytest.raises(EmbedderError, match="0 vectors for 1 texts"):
        one.embed(["a"])


def test_the_version_names_the_model():
    assert embedder(Endpoint()).version == "endpoint:m"


def test_the_shipped_table_puts_like_meanings_together():
    pytest.importorskip("tokenizers")
    try:
        static = StaticEmbedder()
    except EmbedderError:
        pytest.skip("the extra is not installed")
    money, cash, rain = static.embed(["I lost my money", "my cash is gone", "it rains today"])
    assert money @ cash > money @ rain
    assert static.embed([]).shape == (0, 256)
    assert np.isfinite(static.embed(["", "\ud800"])).all()
