"""Tables, paragraphs and progress on terminals of all kinds."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from sandbox.terminal import Cell, Colour, Terminal, columns

NO_COLOUR: Mapping[str, str] = {"NO_COLOR": "1"}


class Screen(io.TextIOWrapper):
    """A stream that may be a terminal and has an encoding."""

    def __init__(self, encoding: str = "utf-8", is_terminal: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n", write_through=True)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        """See ``io.TextIOBase.isatty``."""
        return self._is_terminal

    @property
    def text(self) -> str:
        """All that was written."""
        assert isinstance(self.buffer, io.BytesIO), "made so above"
        return self.buffer.getvalue().decode(self.encoding)


def table(screen: Screen, width: int, *rows: tuple[str | Cell, ...], environment: Mapping[str, str] = NO_COLOUR) -> list[str]:
    """The lines of a table."""
    Terminal(screen, environment, width).table(("Customer", "Units"), rows)
    return screen.text.splitlines()


def test_a_table_has_a_header_a_rule_and_its_rows() -> None:
    lines = table(Screen(), 80, ("Contoso", Cell("12 → 15", right=True)), ("Fabrikam", Cell("3", right=True)))
    assert lines == [
        "Customer │   Units",
        "─────────┼────────",
        "Contoso  │ 12 → 15",
        "Fabrikam │       3",
    ]


def test_an_old_encoding_gets_ascii() -> None:
    lines = table(Screen("ascii"), 80, ("Żabka 株", "12 → 15"))
    assert lines == ["Customer | Units", "---------+---------", "?abka ?  | 12 -> 15"]


def test_wide_characters_and_marks_take_the_columns_they_take() -> None:
    assert [columns(text) for text in ("abc", "株式会社", "e\u0301", "🙂", "ﬀ")] == [3, 8, 1, 2, 1]


def test_rows_with_wide_characters_stay_in_line() -> None:
    lines = table(Screen(), 80, ("株式会社", "1"), ("Contoso", "2"))
    assert {columns(line[: line.index("│")]) for line in (lines[0], *lines[2:])} == {9}


def test_the_widest_column_gives_way_first() -> None:
    lines = table(Screen(), 30, ("A very long name of a customer indeed", "1 → 2"))
    assert lines[-1] == "A very long name of a… │ 1 → 2"
    assert max(map(columns, lines)) <= 30


def test_a_file_is_not_cut() -> None:
    screen = Screen(is_terminal=False)
    Terminal(screen, {}).table(("Customer",), [("x" * 250,)])
    assert "x" * 250 in screen.text


def test_colours_are_for_terminals_that_want_them() -> None:
    red = Cell("failed", Colour.BAD)
    assert "\x1b[31mfailed\x1b[0m" in table(Screen(), 80, ("Contoso", red), environment={"TERM": "xterm"})[-1]
    for screen, environment in ((Screen(), NO_COLOUR), (Screen(), {"TERM": "dumb"}), (Screen(is_terminal=False), {"TERM": "xterm"})):
        assert "\x1b" not in "".join(table(screen, 80, ("Contoso", red), environment=environment))


def test_hostile_texts_cannot_act() -> None:
    screen = Screen()
    terminal = Terminal(screen, NO_COLOUR, 80)
    terminal.say("one\r\x1b[2Jtwo\u202e")
    terminal.table(("Customer",), [("a\nb\x07c",)])
    terminal.progress(1, 2, "reading\x1b[31m")
    assert not set("\x1b\x07\u202e") & set(screen.text)
    assert "a b c" in screen.text


def test_a_paragraph_is_broken_at_the_width_and_indented() -> None:
    screen = Screen()
    Terminal(screen, NO_COLOUR, 20).say("the line moves by more than a quarter", indent=2)
    assert screen.text.splitlines() == ["  the line moves by", "  more than a", "  quarter"]


def test_progress_stays_on_one_line_of_a_terminal() -> None:
    screen = Screen()
    terminal = Terminal(screen, NO_COLOUR, 80)
    terminal.progress(3, 12, "reading the customers")
    terminal.progress(12, 12, "done")
    terminal.say("All is well.")
    first, second, *_, last = screen.text.lstrip("\r").split("\r")
    assert first == "██████░░░░░░░░░░░░░░░░░░ 3/12 reading the customers"
    assert len(second) >= len(first)
    assert last == "All is well.\n"


@pytest.mark.parametrize("total", [0, 1, 1000])
def test_progress_in_a_file_is_a_few_plain_lines(total: int) -> None:
    screen = Screen(is_terminal=False)
    terminal = Terminal(screen, NO_COLOUR)
    for done in range(total + 1):
        terminal.progress(done, total, "reading")
    lines = screen.text.splitlines()
    assert len(lines) <= 11
    assert lines[-1] == f"reading: {total} of {total}"
