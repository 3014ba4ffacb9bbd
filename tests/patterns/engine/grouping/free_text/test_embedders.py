from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import numpy as np
import pytest

from patterns.engine.domain.observation import Observation
from patterns.engine.grouping.free_text.embedders import (
    EmbedderError,
    EndpointEmbedder,
    StaticEmbedder,
    chosen,
)
from patterns.engine.grouping.free_text.grouper import SimilarityGrouper
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.settings import RecognizerSettings


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


def embedder(
    endpoint: Callable[[httpx.Request], httpx.Response], **options: Any
) -> EndpointEmbedder:
    transport = httpx.MockTransport(endpoint)
    return EndpointEmbedder("http://localhost/v1", "m", transport=transport, **options)


def test_vectors_come_back_in_the_order_of_the_texts_in_batches() -> None:
    endpoint = Endpoint()
    vectors = embedder(endpoint, batch=2).embed(["", "aaa", "a"])
    assert endpoint.asked == [["", "aaa"], ["a"]]
    assert np.allclose(vectors[:, 0] / vectors[:, 1], [0, 3, 1])


def test_no_text_asks_nobody() -> None:
    endpoint = Endpoint()
    assert len(embedder(endpoint).embed([])) == 0
    assert endpoint.asked == []


def test_a_failing_endpoint_is_left_alone_for_a_while_and_then_asked_again() -> None:
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


def test_an_answer_with_too_few_vectors_is_refused() -> None:
    one = embedder(lambda request: httpx.Response(200, json={"data": []}))
    with pytest.raises(EmbedderError, match="0 vectors for 1 texts"):
        one.embed(["a"])


def test_the_version_names_the_model() -> None:
    assert embedder(Endpoint()).version == "endpoint:m"


def test_the_shipped_table_puts_like_meanings_together() -> None:
    pytest.importorskip("tokenizers")
    try:
        static = StaticEmbedder()
    except EmbedderError:
        pytest.skip("the extra is not installed")
    money, cash, rain = static.embed(["I lost my money", "my cash is gone", "it rains today"])
    assert money @ cash > money @ rain
    assert static.embed([]).shape == (0, 256)
    assert np.isfinite(static.embed(["", "\ud800"])).all()


class Server(BaseHTTPRequestHandler):
    """An embeddings endpoint on a real socket: the length of a text is its vector."""

    slow = 0.0

    def do_POST(self) -> None:
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        time.sleep(self.slow)
        data = [{"index": i, "embedding": [len(text), 1.0]} for i, text in enumerate(texts)]
        body = json.dumps({"data": data}).encode()
        with contextlib.suppress(OSError):  # the caller did not wait
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def served() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def test_an_endpoint_is_reached_over_a_socket(served: str) -> None:
    one = EndpointEmbedder(served, "m", batch=2)
    assert one.embed(["", "aaa", "a"]).shape == (3, 2)


def test_a_slow_endpoint_is_given_up_and_then_left_alone(
    served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "slow", 0.5)
    one = EndpointEmbedder(served, "m", timeout=0.1, failures=1, pause=60)
    with pytest.raises(EmbedderError, match="no embeddings from"):
        one.embed(["a"])
    with pytest.raises(EmbedderError, match="left alone"):
        one.embed(["a"])


def test_groups_go_on_by_their_letters_while_the_endpoint_is_silent() -> None:
    endpoint = Endpoint()
    grouper = SimilarityGrouper(embedder(endpoint, failures=1, pause=60))
    texts = [f"where is my {what} order" for what in "abcdefghijklmnop"]
    grouper.rebuild(texts, grouper.regroup(texts), dict.fromkeys(range(len(texts)), "all"))
    endpoint.broken = True
    assert grouper.match("where is my a order").key == "all"


@pytest.mark.parametrize("choice", ["lexical", "static"])
def test_nothing_but_a_chosen_endpoint_opens_a_socket(
    choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("a socket was opened")

    if choice == "static":
        pytest.importorskip("wordllama")
    chosen.cache_clear()
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    recognizer = DefaultPatternRecognizer(RecognizerSettings(embedder=choice))
    for number in range(60):
        text = f"please tell me about {'rain' * (number % 3)} {number * 'x'}"
        recognizer.learn_one(Observation(id=str(number), input=text, timestamp=0.0))
    recognizer.consolidate()
    if recognizer.memory.embedder is not None:
        recognizer.memory.embedder.embed(["my card was lost"])
    assert len(recognizer) > 0
