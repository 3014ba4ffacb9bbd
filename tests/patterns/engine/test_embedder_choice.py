"""A project's embedder reaches its free-text groups, and a change of it keeps them."""

from __future__ import annotations

import pytest

from patterns.engine.grouping import registry
from patterns.engine.grouping.free_text import embedders
from patterns.engine.grouping.free_text.embedders import EmbedderError, chosen
from patterns.engine.grouping.free_text.grouper import SimilarityGrouper
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.settings import RecognizerSettings


def test_lexical_is_no_embedder_and_opens_nothing() -> None:
    assert chosen(*RecognizerSettings().embedding) is None


def test_an_endpoint_without_a_model_says_what_is_missing() -> None:
    with pytest.raises(EmbedderError, match="URL and a model"):
        chosen("endpoint", "http://127.0.0.1:9", "", "")


def test_an_endpoint_is_asked_only_when_there_is_something_to_embed() -> None:
    found = chosen("endpoint", "http://127.0.0.1:9", "small", "secret")
    assert isinstance(found, embedders.EndpointEmbedder)
    assert found.version == "endpoint:small"


def test_the_embedder_reaches_the_grouper_of_free_text() -> None:
    embedder = chosen("endpoint", "http://127.0.0.1:9", "small", "secret")
    grouper = registry.make_grouper(
        "similarity", "p|text", registry.SharedMemory(Passages(), embedder)
    )
    assert isinstance(grouper, SimilarityGrouper)
    assert grouper.embedder is embedder
