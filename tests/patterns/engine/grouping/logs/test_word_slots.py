import random

from patterns.engine.grouping.logs.masking import mask_line
from patterns.engine.grouping.logs.slot_evidence import weigh_slot
from patterns.engine.grouping.logs.word_slots import group_skeletons


def groups(*lines: str) -> int:
    return len(set(group_skeletons(mask_line(line) for line in lines).values()))


def test_two_plain_words_are_two_messages() -> None:
    assert groups("the worker thread has started", "the worker thread has stopped") == 2


def test_many_plain_words_in_one_place_are_a_slot() -> None:
    users = ("alice", "bob", "carol", "dave", "erin")
    assert groups(*(f"password was accepted for {user} today" for user in users)) == 1


def test_a_number_beside_a_word_makes_a_slot() -> None:
    assert groups("no reply from user admin today", "no reply from user 17 today") == 1


def test_two_dotted_names_make_a_slot() -> None:
    assert groups("cannot load the class org.a.One", "cannot load the class org.b.Two") == 1


def test_switches_stay_apart() -> None:
    assert groups("the shield is now visible: true", "the shield is now visible: false") == 2


def test_names_known_from_another_message_need_less_evidence() -> None:
    opened = [f"session was opened for user {u} by cron" for u in ("news", "mail")]
    closed = [f"session closed early for user {u}" for u in ("news", "mail")]
    assert groups(*opened) == 2
    assert groups(*opened, *closed) == 2  # one each


def test_states_on_both_ends_of_a_transition_stay_words() -> None:
    lines = [f"task moved from {a} to {b} now" for a, b in (("NEW", "RUN"), ("RUN", "END"))]
    lines += ["task moved from NEW to END now"]
    assert groups(*lines) == 3


def test_values_at_keys_that_change_together_are_slots() -> None:
    lines = ["acquired lock tag=AudioMix name=media.server ws=null uid=7"]
    lines += ["acquired lock tag=RIL_ACK name=com.phone.app ws=null uid=8"]
    assert groups(*lines) == 1


def test_new_words_in_places_that_are_slots_join_what_nothing_else_explains() -> None:
    names = ("alice", "bob", "carol", "dave", "erin", "frank")
    lines = [f"rule {a} was matched by {b} here" for a in names for b in names]
    assert groups(*lines, "rule zoe was matched by yuri here") == 1


def test_a_number_in_a_place_does_not_let_words_in() -> None:
    lines = [f"job {n} ended with state {n + 7} today" for n in range(5)]
    assert groups(*lines, "job alpha ended with state unknown today") == 2


def test_the_first_word_names_the_message() -> None:
    lines = [f"{word} the remote block store" for word in ("open", "close", "read", "seek", "sync")]
    assert groups(*lines) == 5


def test_the_order_of_arrival_makes_no_difference() -> None:
    lines = [mask_line(f"user {u} did {v} on host {h}") for u in "abc" for v in "xyz" for h in "pq"]
    shuffled = random.Random(1).sample(lines, len(lines))
    assert group_skeletons(lines) == group_skeletons(shuffled)


def test_evidence_is_nothing_without_a_word_around() -> None:
    assert weigh_slot(("#",), ("#",), [("a",), ("b",)]) == 0.0


def test_a_line_that_begins_with_a_value_beside_values_at_keys_is_grouped() -> None:
    lines = [
        f"{n} worker took job name={name} queue={queue} state=ok"
        for n, (name, queue) in enumerate(
            [("alpha_7", "golf"), ("hotel.hotel", "golf/delta"), ("bravo_5", "echo/delta")]
        )
    ]

    assert len(set(group_skeletons(mask_line(line) for line in lines).values())) == 1


def test_names_of_several_words_fill_a_slot_of_names() -> None:
    users = ("alice", "bob", "carol", "dave", "erin", "Mara Lopez", "de Vries")
    assert groups(*(f"reconfigure was requested by {user}" for user in users)) == 1


def test_more_words_of_a_message_are_no_name() -> None:
    users = ("alice", "bob", "carol", "dave", "erin")
    known = [f"failed password for {user} from desk" for user in users]
    unknown = [f"failed password for invalid user {user} from desk" for user in users]
    assert groups(*known, *unknown) == 2
