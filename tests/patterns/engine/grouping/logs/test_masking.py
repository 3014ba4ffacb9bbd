from hypothesis import example, given
from hypothesis import strategies as st

from patterns.engine.grouping.logs.line_piece import HOLE
from patterns.engine.grouping.logs.masking import (
    LONGEST,
    LONGEST_TEXT,
    mask_line,
    split_line,
    trim_line,
)


def test_values_become_holes_and_words_stay() -> None:
    found = mask_line("Read 12.5 KB from /srv/data/a.bin at 10.0.0.7:80 by job_17")
    assert found == ("Read", "#", "from", "#", "at", "#", "by", "#")


def test_a_negative_number_reads_like_a_positive_one() -> None:
    assert mask_line("boot = -4131, done") == mask_line("boot = 856, done")


def test_a_host_and_its_port_are_one_value() -> None:
    assert mask_line("dial gateway-7.local:443 failed") == mask_line("dial 10.0.0.1:8080 failed")


def test_lists_of_any_length_have_one_skeleton() -> None:
    two, four = "nodes n1 up, n2 up", "nodes n1 up, n2 up, n3 up, n4 up"
    assert mask_line(two + ".") == mask_line(four + ".")


def test_a_list_of_values_is_one_value_of_any_length() -> None:
    one, three = (f"copy to {hosts} ok" for hosts in ("10.0.0.1:80", "10.0.0.1:80, b2:81, b3:82"))
    assert mask_line(one) == mask_line(three) == ("copy", "to", "#", "ok")


def test_words_listed_in_brackets_are_one_value() -> None:
    two, four = (f"assigned [{words}]" for words in ("red, blue", "red, green, blue, grey"))
    assert mask_line(two) == mask_line(four) == ("assigned", "[", "#", "]")


def test_one_word_in_brackets_and_pairs_in_brackets_stay() -> None:
    assert mask_line("level [warn] set") == ("level", "[", "warn", "]", "set")
    assert "=" in mask_line("flags [fast=yes, safe=no]")


def test_the_query_of_a_path_belongs_to_it() -> None:
    assert mask_line("GET /shop/cart?id=7&x=y done") == mask_line("GET /shop/cart done")


def test_words_that_repeat_without_values_are_kept() -> None:
    assert mask_line("very very long") == ("very", "very", "long")


def test_a_unicode_form_makes_no_difference() -> None:
    assert mask_line("Caf\u00e9 opened at 7") == mask_line("Cafe\u0301 opened at 9")


def test_a_huge_text_has_a_bounded_skeleton() -> None:
    assert len(mask_line("word, " * 100_000)) <= LONGEST
    assert len(trim_line("x" * 100_000)) <= LONGEST_TEXT + 3


@given(st.text(max_size=300))
@example("[]")  # the value of an empty list has no letter
def test_pieces_of_any_text_lie_in_it_in_order(text: str) -> None:
    found = split_line(trim_line(text))
    assert all(piece.start <= piece.end <= len(trim_line(text)) for piece in found)
    assert all(piece.start < piece.end or piece.key == HOLE for piece in found)
    assert [piece.start for piece in found] == sorted(piece.start for piece in found)


def test_addresses_of_both_kinds_are_one_value_with_their_port() -> None:
    old, new, bare = (
        mask_line(f"tls handshake with {address} failed")
        for address in ("10.0.0.7:443", "[2001:db8:9e2c::159]:443", "fe80::44e6:cb68:42127")
    )
    assert old == new == bare == ("tls", "handshake", "with", "#", "failed")


def test_scoped_names_are_no_addresses() -> None:
    assert "#" not in mask_line("std::vector of a::b")


def test_quoted_values_are_one_whatever_they_hold() -> None:
    one, other = (mask_line(f'xu deleted "{name}"') for name in ("notes.txt", "holiday photos.zip"))
    assert one == other == ("xu", "deleted", '"', "#", '"')


def test_the_message_of_a_line_of_pairs_is_none_of_its_values() -> None:
    assert mask_line('level=warn msg="disk is full now"') != mask_line(
        'level=warn msg="disk is fine now"'
    )


def test_access_logs_have_one_skeleton() -> None:
    form = '10.0.0.7 - {user} [19/Jan/2026:16:23:37 +0100] "{call}" 200 7 "{page}" "curl/8.5.0"'
    one = form.format(user="-", call="GET / HTTP/2.0", page="-")
    other = form.format(user="noor", call="PUT /a/b?c=d HTTP/1.1", page="https://shop.example/")
    assert mask_line(one) == mask_line(other)


def test_what_systems_say_of_failed_calls_is_a_value() -> None:
    refused, full = (
        mask_line(f"cannot sync: {reason}") for reason in ("Broken pipe", "No space left on device")
    )
    assert refused == full == ("cannot", "sync", ":", "#")


def test_missing_values_and_empty_lists_are_values() -> None:
    assert mask_line("tls sni= alpn=h2 up=-") == mask_line("tls sni=n1 alpn=h2 up=n7")
    assert mask_line("cpu []") == mask_line("cpu [4]")


def test_paths_of_every_system_and_ranges_of_hosts_are_one_value() -> None:
    paths = ("/var/lib/x", "~/lib/x", r"C:\vault\x")
    assert {mask_line(f"scrub of {path} done") for path in paths} == {("scrub", "of", "#", "done")}
    assert mask_line("sent to n[110-135,170-179] ok") == mask_line("sent to n7 ok")


def test_switches_are_values_in_pairs_with_blanks_between_and_words_as_arguments() -> None:
    pairs, arguments = "crop=rye area=7 synced={}", "collapse:flags=7, force={}, delayed=false"
    assert mask_line(pairs.format("true")) == mask_line(pairs.format("false"))
    assert mask_line(arguments.format("true")) != mask_line(arguments.format("false"))
