from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from patterns.engine.grouping.logs.grouper import DrainGrouper
from patterns.engine.pattern.pattern_state import PatternState

USERS = ("alice", "bob", "carol", "dave", "erin", "frank")
LINES = [
    *(f"Accepted password for {u} from 10.0.0.{i} port {i}77" for i, u in enumerate(USERS)),
    *(f"Connection closed by 10.0.0.{i}" for i in range(5)),
    *(f"job_{i} done in {i}.5 ms" for i in range(5)),
    "Server shutting down",
]
TEXTS = st.lists(st.text(max_size=60), max_size=12)


def rebuilt(texts: Sequence[str]) -> tuple[DrainGrouper, list[int]]:
    grouper = DrainGrouper()
    groups = grouper.regroup(texts)
    grouper.rebuild(texts, groups, {number: f"g{number}" for number in groups})
    return grouper, groups


def test_a_line_with_other_values_is_recognised() -> None:
    drain = DrainGrouper()
    assert drain.learn("Took 12 ms for /srv/a", "first").created
    found = drain.learn("Took 7 ms for /srv/b", "second")
    assert (found.key, found.created) == ("first", False)


def test_matching_changes_nothing_and_a_stranger_is_none() -> None:
    drain = DrainGrouper()
    drain.learn("Server started", "a")
    before = drain.to_bytes()
    assert drain.match("Something else entirely") is None
    assert drain.to_bytes() == before


def test_regrouping_finds_the_messages_behind_the_lines() -> None:
    _, groups = rebuilt(LINES)
    assert [len(set(part)) for part in (groups[:6], groups[6:11], groups[11:16])] == [1, 1, 1]
    assert len(set(groups)) == 4


def test_after_a_rebuild_unseen_lines_of_a_message_match_it() -> None:
    drain, groups = rebuilt(LINES)
    found = drain.match("Accepted password for zoe from 10.9.9.9 port 1")
    assert found is not None
    assert found.key == f"g{groups[0]}"


def test_the_runner_up_is_the_group_with_most_words_in_common() -> None:
    drain = DrainGrouper()
    drain.learn("disk sda is full", "full")
    drain.learn("disk sda is slow", "slow")
    found = drain.match("disk sda is slow")
    assert found is not None
    assert (found.key, found.runner_up) == ("slow", "full")
    assert 0 < found.margin < 1


def test_learning_opens_a_place_once_enough_words_filled_it() -> None:
    drain = DrainGrouper()
    keys = [
        drain.learn(f"access was granted to {user} on the main console", user).key for user in USERS
    ]
    assert keys[0] == "alice"
    assert keys[-1] in USERS[:4]
    assert drain.match("access was granted to zoe on the main console") is not None


def test_the_template_shows_fixed_text_and_named_slots() -> None:
    drain, groups = rebuilt(LINES)
    parts = drain.template(f"g{groups[0]}")
    assert parts[0].text == "Accepted password for "
    assert [part.slot for part in parts if part.slot] == ["password_for", "from_id", "port_number"]


def reading(texts: Sequence[str]) -> str:
    grouper, groups = rebuilt(texts)
    return "".join(f"<{p.slot}>" if p.slot else p.text for p in grouper.template(f"g{groups[0]}"))


def test_marks_that_end_every_value_of_a_slot_are_fixed_text() -> None:
    texts = [f"Why is node-{n} down since {n + 3}?" for n in range(8)]
    assert reading(texts) == "Why is <why_id> down since <since_number>?"
    assert reading([f"Closed {n}. Took {n} ms." for n in range(8)]) == (
        "Closed <closed_number>. Took <took_number>."
    )


def test_a_mark_that_ends_some_values_only_belongs_to_them() -> None:
    assert reading([f"Done with {n}{'.' * (n % 2)}" for n in range(8)]).endswith(">")


def test_values_come_without_the_marks_all_of_them_end_in() -> None:
    drain, groups = rebuilt([f"Why is node-{n} down since {n + 3}?" for n in range(8)])
    expected = {"why_id": "node-9", "since_number": "14"}
    for text in ("Why is node-9 down since 14?", "Why is node-9 down since 14"):
        assert drain.slots(f"g{groups[0]}", text) == expected


def test_a_grouper_kept_before_such_marks_were_known_still_reads() -> None:
    drain, groups = rebuilt([f"Why is node-{n} down since {n + 3}?" for n in range(8)])
    kept = msgspec.msgpack.decode(drain.to_bytes())
    for group in kept["groups"]:
        del group["stops"]
    copy = DrainGrouper()
    copy.restore(msgspec.msgpack.encode(kept))
    assert copy.slots(f"g{groups[0]}", "Why is node-9 down since 14?")["since_id"] == "14?"


def test_slots_give_the_values_of_a_line() -> None:
    drain, groups = rebuilt(LINES)
    values = drain.slots(f"g{groups[0]}", "Accepted password for zoe from 10.9.9.9 port 12")
    assert values == {"password_for": "zoe", "from_id": "10.9.9.9", "port_number": "12"}


def test_the_limit_holds_and_the_group_used_last_stays() -> None:
    drain = DrainGrouper(limit=3)
    for word in ("one", "two", "three", "four"):
        drain.learn(f"{word} alone", word)
        drain.match("one alone")
        assert len(drain) <= 3
    assert drain.match("four alone") is not None
    assert drain.match("one alone") is None


def test_a_removed_group_is_gone_and_others_stay() -> None:
    drain, groups = rebuilt(LINES)
    drain.remove(f"g{groups[0]}")
    assert drain.match(LINES[0]) is None
    assert drain.match(LINES[6]) is not None


def test_a_partition_made_by_people_is_taken_over() -> None:
    drain = DrainGrouper()
    texts = ["disk is full", "no space left on device", "fan is loud"]
    drain.rebuild(texts, [0, 0, 1], {0: "space", 1: "fan"})
    assert [found.key for text in texts if (found := drain.match(text))] == [
        "space",
        "space",
        "fan",
    ]


def test_the_order_of_the_texts_makes_no_difference() -> None:
    order = random.Random(3).sample(range(len(LINES)), len(LINES))
    _, groups = rebuilt(LINES)
    _, shuffled = rebuilt([LINES[i] for i in order])
    assert shuffled == [groups[i] for i in order]


@given(TEXTS)
def test_any_texts_match_the_group_they_were_put_into(texts: Sequence[str]) -> None:
    drain, groups = rebuilt(texts)
    found = [drain.match(text) for text in texts]
    assert [candidate and candidate.key for candidate in found] == [f"g{n}" for n in groups]


@given(TEXTS)
def test_a_copy_from_bytes_goes_on_alike(texts: Sequence[str]) -> None:
    drain = DrainGrouper(limit=5)
    for number, text in enumerate(texts):
        drain.learn(text, f"k{number}")
        drain.template(drain.learn(text, "again").key)
    copy = DrainGrouper()
    copy.restore(drain.to_bytes())
    assert copy.to_bytes() == drain.to_bytes()
    assert [copy.match(text) for text in texts] == [drain.match(text) for text in texts]


def test_a_place_with_two_values_only_makes_the_group_less_sure() -> None:
    few = [f"link on port net{i % 2} is up" for i in range(20)]
    many = [f"link on port net{i} is up" for i in range(20)]
    assert rebuilt(few)[0].match(few[0]).score < rebuilt(many)[0].match(many[0]).score == 1.0


def test_a_part_people_split_off_reads_its_slots_from_the_group_of_the_whole() -> None:
    drain = DrainGrouper()
    drain.learn("Took 12 ms for /srv/a", "whole")
    part = PatternState(id="part", partition="p", kind="text", key="whole#1234")
    assert [value for _, value in drain.slot_values(part, "Took 7 ms for /srv/b", [])] == [
        "7 ms",
        "/srv/b",
    ]
