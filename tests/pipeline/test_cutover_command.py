"""``dev.py cutover``: what is found goes into a file, comes back shorter, is shown, confirmed, followed and undone."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest

from sandbox.commands.cutover import parser, perform
from sandbox.cutover_tables import read_names
from sandbox.terminal import Terminal
from sync_core.errors import Rejected
from sync_core.model.agreements import Company
from sync_core.model.cutovers import CutoverState, LineState
from sync_core.pipeline.cutover.rows import load_cutover, recent_cutovers
from tests.pipeline.moving import END_OF_MAY, TOOL, ends, moving, stranger, worked
from tests.pipeline.night import Night

Said = tuple[int, str]


def run(night: Night, *arguments: str, answer: str = "y") -> Said:
    """The exit code of a command, and what it printed."""
    output = io.StringIO()
    code = perform(parser().parse_args(arguments), night.context, Terminal(output, {}), lambda question: answer)
    return code, output.getvalue()


def found(night: Night, *arguments: str) -> str:
    """The id of a cut-over whose lines were looked for."""
    code, _ = run(night, "find", *(arguments or ("--marker", TOOL)))
    assert code == 0
    return next(recent_cutovers(night.store)).cutover_id


def test_what_is_found_is_printed_and_nothing_is_changed() -> None:
    night = moving(2)
    code, said = run(night, "find", "--marker", "cloud*", "--company", "Customer 2 Ltd")
    assert code == 0
    assert "memory/a2/3" in said and "memory/a1" not in said and "206.00 USD" in said
    assert night.psa.writes == []


def test_a_file_of_lines_is_shortened_by_a_person_and_read_back(tmp_path: Path) -> None:
    night, file = moving(lines=3), tmp_path / "lines.csv"
    code, said = run(night, "find", "--marker", TOOL, "--out", str(file))
    assert (code, "holds 3 lines" in said) == (0, True)
    header, first, *_ = csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    assert dict(zip(header, first, strict=True))["Marker"] == TOOL
    file.write_text(f"{';'.join(header)}\n{';'.join(first)}\n", encoding="utf-8-sig")  # as a spreadsheet of another country saves it
    cutover_id = next(recent_cutovers(night.store)).cutover_id
    code, said = run(night, "prepare", cutover_id, "--from", str(file), "--end", "2026-05-31")
    assert (code, "1 chosen, 2 found" in said or "2 found, 1 chosen" in said) == (0, True)
    assert run(night, "confirm", cutover_id, "--why", "we move")[0] == 0
    worked(night, cutover_id)
    assert ends(night) == [END_OF_MAY, None, None, None]


def test_a_company_with_a_formula_for_a_name_is_text_in_the_file(tmp_path: Path) -> None:
    night, file = moving(0), tmp_path / "lines.csv"
    stranger(night, lines=1)
    night.psa._companies[:] = [Company("c90", "=1+1")]
    run(night, "find", "--out", str(file))
    [row] = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))))[1:]
    assert row[1] == "'=1+1"
    assert read_names(file) == [row[0]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "names no lines"),
        ("Line\n", "names no lines"),
        ("anything,at all\n", "Row 1 of the list begins with 'anything'"),
        ("Line\nmemory/a1/1\nhello\n", "Row 3 of the list begins with 'hello'"),
        ("\x00\xff", "Row 1 of the list"),
    ],
)
def test_a_file_that_names_no_lines_is_refused_with_the_row_that_is_wrong(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "lines.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(Rejected, match=says):
        read_names(file)


def test_a_file_with_nothing_but_the_first_column_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    file.write_text("memory/a1/1\nmemory/a2/3\n", encoding="utf-8")
    assert read_names(file) == ["memory/a1/1", "memory/a2/3"]


def test_nothing_is_confirmed_without_a_yes() -> None:
    night = moving()
    cutover_id = found(night)
    run(night, "prepare", cutover_id, "--end", "2026-05-31")
    code, said = run(night, "confirm", cutover_id, answer="")
    assert (code, "Nothing was confirmed" in said) == (1, True)
    assert worked(night, cutover_id).state is CutoverState.PREPARED


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--end", "31.5.2026"], "argument --end: '31.5.2026' is no day; write year, month and day as 2026-12-31"),
        (["--replace", "2026-02-30"], "argument --replace: '2026-02-30' is no day"),
        (["--take-over", "--out", "/no/such/folder/lines.csv"], "argument --out: '/no/such/folder/lines.csv' cannot be written"),
        (["--take-over", "--out", "/"], "name a file in it"),
        ([], "one of the arguments --end --replace --take-over is required"),
    ],
)
def test_an_option_is_checked_before_anything_is_read(capsys: pytest.CaptureFixture[str], options: list[str], says: str) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["prepare", "cut-1", *options])
    assert says in capsys.readouterr().err


def test_where_nothing_is_found_or_nothing_can_be_done_nobody_is_asked_to_go_on() -> None:
    night = moving()
    assert "Nothing fits." in run(night, "find", "--marker", "nobody's")[1]
    cutover_id = found(night)
    refused = run(night, "prepare", cutover_id, "--end", "2020-05-31")[1]
    assert "There is nothing to confirm. Each line says why it is refused" in refused
    unmeant = run(night, "prepare", cutover_id, "--end", "2026-05-31", "--product", "other")[1]
    assert "There is nothing to confirm. No line that was found is meant" in unmeant
    assert "cutover confirm" not in refused + unmeant


def test_lines_are_chosen_by_options_too() -> None:
    night = moving(3)
    cutover_id = found(night, "--product", "*")
    run(night, "prepare", cutover_id, "--marker", TOOL, "--company", "customer 1*", "--company", "c2", "--end", "2026-05-31")
    assert load_cutover(night.store, cutover_id).value.tally.lines == {LineState.CHOSEN: 2, LineState.FOUND: 4}


def test_a_cutover_is_listed_shown_and_followed() -> None:
    night = moving()
    cutover_id = found(night)
    run(night, "prepare", cutover_id, "--replace", "2026-05-31")
    _, shown = run(night, "show", cutover_id)
    assert "Follows line 1 with the same 10 units" in shown
    run(night, "confirm", cutover_id, "--yes")
    worked(night, cutover_id)
    assert "1 done" in run(night, "status", cutover_id, "--follow")[1]
    assert cutover_id in run(night, "list")[1]


def test_a_stopped_one_goes_on_and_is_undone() -> None:
    night = moving()
    cutover_id = found(night)
    run(night, "prepare", cutover_id, "--end", "2026-05-31")
    run(night, "confirm", cutover_id)
    assert "a doubt" in run(night, "stop", cutover_id, "--why", "a doubt")[1]
    run(night, "resume", cutover_id)
    worked(night, cutover_id)
    night.clock.advance(60)
    code, said = run(night, "undo", cutover_id, "--why", "too early")
    assert code == 0, said
    assert "Takes back end" in said, said
    night.work()
    assert [line.starts for line in night.psa.lines("a1")][-1] == date(2026, 6, 1)


def test_an_unknown_cutover_is_said() -> None:
    with pytest.raises(Rejected, match="no such cut-over"):
        run(moving(), "show", "cut-1")
