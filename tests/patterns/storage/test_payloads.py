"""Payloads: what goes in comes out, damage is told and not guessed."""

from __future__ import annotations

import pytest
from msgspec import Raw

from patterns.models import ModelInteraction, Payload, PayloadDictionary
from patterns.storage import payloads
from patterns.storage.payloads import (
    is_training_due,
    pack_payload,
    train_dictionary,
    unpack_parts,
    unpack_payload,
)
from tests.builders import caller, damage, items, keep, project

pytestmark = pytest.mark.django_db


def test_a_payload_comes_back_as_values_and_as_the_bytes_that_were_sent() -> None:
    data = pack_payload({"input": Raw(b'{"a": 1.50}'), "output": Raw(b"null")})

    assert unpack_payload(data) == {"input": {"a": 1.5}, "output": None}
    assert bytes(unpack_parts(data)["input"]) == b'{"a": 1.50}'


def test_repetitive_text_takes_a_fraction_of_its_size() -> None:
    assert len(pack_payload({"input": "Where is my order? " * 500})) < 1000


def test_a_number_beyond_a_float_reads_as_infinite_and_stays_as_sent() -> None:
    data = pack_payload({"input": Raw(b"1e999")})

    assert unpack_payload(data) == {"input": float("inf")}
    assert bytes(unpack_parts(data)["input"]) == b"1e999"


@pytest.mark.parametrize("cut", [b"", b"\x00", b"\x00rubbish"])
def test_a_damaged_payload_is_a_value_error(cut: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpack_payload(cut)


def test_a_payload_that_is_no_object_is_damaged() -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpack_payload(pack_payload([1]))  # type: ignore[arg-type]


# --- trained dictionaries -------------------------------------------------------------------------

PROMPT = "You are a friendly assistant of the shop. Answer in one sentence. Customer says: {} "


def fill(count: int = 400) -> None:
    keep(project(), [e | {"input": PROMPT.format(n)} for n, e in enumerate(items(count))])


def test_a_dictionary_makes_what_comes_smaller_and_the_old_stays_readable() -> None:
    fill()
    content = {"input": PROMPT.format(7), "output": "It ships tomorrow."}
    before = pack_payload(content)
    made = train_dictionary()
    after = pack_payload(content)

    assert made is not None
    assert (before[0], after[0]) == (0, made.pk)
    assert len(after) < len(before) * 0.6
    assert unpack_payload(before) == unpack_payload(after) == content


def test_training_is_due_after_enough_and_then_after_much_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not is_training_due()
    fill()
    newest = Payload.objects.order_by("-pk").values_list("pk", flat=True)[0]
    monkeypatch.setattr(payloads, "FIRST", newest)
    assert is_training_due()

    train_dictionary()
    assert not is_training_due()
    PayloadDictionary.objects.update(trained_on=newest // payloads.GROWTH)
    assert is_training_due()


def test_too_few_payloads_teach_nothing() -> None:
    keep(project(), items(2))

    assert train_dictionary() is None


def test_a_damaged_payload_does_not_stop_the_training() -> None:
    fill()
    damage(ModelInteraction.objects.get(id="i-9").project, "i-9")

    assert train_dictionary() is not None


def test_a_payload_whose_dictionary_is_gone_is_damaged_and_not_an_error() -> None:
    fill()
    train_dictionary()
    owner = project()
    keep(owner, items(1))
    PayloadDictionary.objects.all().delete()
    payloads.forget_dictionaries()

    response = caller(owner).get("interactions/i-0/")
    assert (response.status_code, response.json()["input"]) == (200, None)
