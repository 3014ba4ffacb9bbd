"""Kinds of columns: what a cell says, how it sorts, what a click on it filters by."""

from __future__ import annotations

from types import SimpleNamespace

from featurememory.lists.column_kinds import figure_column, moment_column, word_column

ROW = SimpleNamespace(row=SimpleNamespace(duration=812.5, model_id="a<b" * 20, session_id=None))


def test_a_figure_sorts_by_its_own_name_and_is_called_as_the_list_wants() -> None:
    column = figure_column("row.duration", "Took", "{:.0f} ms".format, name="took", unit="took")

    assert (column.name, column.sort, column.numeric, column.unit) == (
        *("took", "duration", True, "took"),
    )
    assert column.cell(ROW) == "812 ms"


def test_a_moment_that_shows_only_where_there_is_room_has_no_unit_on_a_phone() -> None:
    assert moment_column("at", "When", str).unit == "ago"
    assert moment_column("at", "When", str, wide=True).unit == ""


def test_a_word_is_cut_and_escaped_and_filters_by_the_whole() -> None:
    column = word_column("row.model_id", "Model", most=4)

    assert column.cell(ROW) == "a&lt;b…"
    assert column.pick
    assert column.pick(ROW) == ("model_id", "a<b" * 20)


def test_a_word_that_is_missing_says_so_and_filters_by_nothing() -> None:
    column = word_column("row.session_id", "Session", empty="none")

    assert column.cell(ROW) == "none"
    assert column.pick
    assert column.pick(ROW) == ("session_id", "")
