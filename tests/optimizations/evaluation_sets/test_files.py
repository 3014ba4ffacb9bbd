from __future__ import annotations

import pytest

from featurememory.errors import FeatureMemoryError
from optimizations.evaluation_sets.files import read_answers, read_mapping


def test_the_columns_of_a_table_are_mapped() -> None:
    raw = b"prompt,model,grade,ok\nhello,m,0.5,yes\nhello,n,1,\n"
    mapping = read_mapping("prompt=input\nmodel=model_id\ngrade = score\nok=success")

    good, refused = read_answers(raw, True, mapping, "mine")

    assert refused == []
    assert [(one.set, one.input, one.model_id, one.score, one.success) for one in good] == [
        ("mine", "hello", "m", 0.5, True),
        ("mine", "hello", "n", 1.0, None),
    ]


def test_a_line_that_cannot_be_used_is_named_and_the_others_are_read() -> None:
    raw = b'{"model_id":"m","input":1,"score":1}\n{"model_id":"m","input":1}\nnonsense\n'

    good, refused = read_answers(raw, False, {}, "mine")

    assert (len(good), good[0].set) == (1, "mine")
    assert [line.split(":")[0] for line in refused] == ["line 2", "line 3"]


def test_a_json_array_is_read_and_keeps_its_own_sets() -> None:
    good, _ = read_answers(b'[{"set":"a","model_id":"m","input":1,"success":true}]', False, {}, "b")

    assert [one.set for one in good] == ["a"]


@pytest.mark.parametrize("text", ["prompt", "prompt=nothing", "=input=x"])
def test_a_mapping_that_names_no_field_is_refused(text: str) -> None:
    with pytest.raises(FeatureMemoryError):
        read_mapping(text)


def test_a_score_that_is_no_number_is_refused_with_its_line() -> None:
    _, refused = read_answers(b"input,model_id,score\nx,m,good\n", True, {}, "mine")

    assert refused[0].startswith("line 1: score")
