from __future__ import annotations

from popflix.console.tables import Table


def test_columns_are_aligned_and_figures_stand_to_the_right() -> None:
    table = Table("Totals", ("what", "count"), [("success", "270"), ("failed", "9")])
    assert table.lines() == [
        "Totals",
        "  what     count",
        "  success    270",
        "  failed       9",
    ]


def test_a_table_without_rows_shows_its_headings() -> None:
    assert Table("Empty", ("what", "why"), []).lines() == ["Empty", "  what  why"]


def test_blank_headings_are_left_out() -> None:
    assert Table("Totals", ("", ""), [("success", "270")]).lines() == ["Totals", "  success  270"]


def test_a_line_is_cut_at_the_width_of_the_terminal() -> None:
    table = Table("Why", ("", ""), [("title", "a reason that is long")])
    assert table.lines(width=16)[1] == "  title  a reas…"
    assert table.lines(width=80)[1] == "  title  a reason that is long"
