from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from patterns.engine.grouping.free_text.char_ngrams import scale_to_unit
from patterns.engine.grouping.free_text.embedders import EmbedderError
from patterns.engine.grouping.free_text.latent_space import UNTAUGHT, learn_space

TEXTS = [f"please {verb} my {thing} now" for verb in ("block", "unblock", "replace", "order")
         for thing in ("card", "account", "phone", "cheque", "statement")]  # fmt: skip


class Numbers:
    """An embedder that knows how long a text is."""

    version = "numbers"
    silent = False

    def embed(self, texts: Sequence[str]) -> Any:
        if self.silent:
            raise EmbedderError("silent")
        return scale_to_unit(
            np.array([[len(text), 1.0, text.count("a")] for text in texts], np.float32)
        )


def test_rare_letters_decide_once_a_sample_was_seen() -> None:
    like, unlike = ["please block my card now", "block card"], "please order my phone now"
    rows = learn_space(TEXTS).place([*like, unlike])
    assert rows[0] @ rows[1] > rows[0] @ rows[2]
    raw = UNTAUGHT.place([*like, unlike])
    assert raw[0] @ raw[2] > rows[0] @ rows[2]


def test_a_few_texts_teach_nothing() -> None:
    assert learn_space(TEXTS[:3]) == UNTAUGHT


def test_an_embedder_adds_its_directions() -> None:
    space = learn_space(TEXTS, Numbers())
    assert (space.version, space.dimensions) == ("numbers", 160)
    assert space.place(TEXTS, Numbers()).shape == (20, 160)


def test_a_silent_embedder_leaves_the_letters() -> None:
    silent = Numbers()
    space = learn_space(TEXTS, silent)
    silent.silent = True
    rows = space.place(TEXTS, silent)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert learn_space(TEXTS, silent).version == ""


def test_a_text_without_letters_has_no_place() -> None:
    assert not learn_space(TEXTS).place(["?!"]).any()
