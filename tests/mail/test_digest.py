"""What the digest of a run says, and that it can be shown anywhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from adapters.mail.digest import render
from adapters.mail.digest_parts import MOST_ENTRIES
from adapters.mail.digest_sections import digest_of
from sync_core.model.agreements import Terms
from sync_core.model.notices import Finding, NoticeKind
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Unlinked
from sync_core.model.reports import RunReport
from sync_core.model.runs import CustomerState, RunKind
from sync_core.pipeline.run_findings import findings_of
from tests.mail.digest_reports import change, customer, quiet_report, rich_report, run

GOLDEN = Path(__file__).with_name("digest.txt")
HOSTILE = "</td><script>alert(1)</script>\r\nBcc: all@contoso.example\x1b[31m\u202eevil\u2028line"


class Page(HTMLParser):
    """The tags, attributes and text of a page; fails on a tag that closes another than the last one that is open."""

    EMPTY = frozenset(("br", "meta"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile_report() -> RunReport:
    """A customer, a product and reasons that try to be more than text."""
    changed = change(HOSTILE, ChangeResult.WAITING, 1, 2, "1", reasons=(HOSTILE,))
    broken = customer(HOSTILE, state=CustomerState.FAILED, reason=HOSTILE, fix=HOSTILE)
    unlinked = customer(HOSTILE, changed, unlinked=(Unlinked("s", HOSTILE, 1, 1, HOSTILE),))
    return RunReport(run(2, held=HOSTILE, kind=RunKind.DAILY), (unlinked, broken), ((HOSTILE, date(2025, 3, 1)),), (HOSTILE,), (HOSTILE,))


def titles(*changes: Change, **more: object) -> list[str]:
    """The sections of a run with one customer."""
    return [section.title for section in digest_of(RunReport(run(1), (customer("Contoso", *changes, **more),))).sections]  # type: ignore[arg-type]  # the members are put together by name


def test_the_plain_text_reads_like_this() -> None:
    """``digest.txt`` holds the text of a run with something in every section."""
    assert render(rich_report()).text == GOLDEN.read_text(encoding="utf-8")


def test_the_subject_says_what_came_of_the_run() -> None:
    assert render(rich_report()).subject == "Microsoft 365 licences, 2025-03-12: 2 changed, 3 waiting, 4 failed, 1 would change"


def test_a_run_without_anything_to_tell_is_one_short_friendly_mail() -> None:
    mail = render(quiet_report())
    assert mail.subject == "Microsoft 365 licences, 2025-03-12: all is equal"
    assert "All is well: 2 of 2 read" in mail.text
    assert len(mail.text.splitlines()) == 8


def test_a_resync_is_told_under_the_customers_name() -> None:
    report = RunReport(run(1, kind=RunKind.RESYNC), (customer("Contoso"),))
    assert render(report).subject.startswith("Microsoft 365 licences of Contoso, ")


def test_sender_recipients_and_id_are_left_to_the_caller() -> None:
    mail = render(quiet_report())
    assert (mail.message_id, mail.sender, mail.recipients) == ("", "", ())


@pytest.mark.parametrize("what", [{"held": "Too much money moves."}, {"stopped": "An answer of another tenant."}])
def test_a_held_or_stopped_run_says_so_first(what: dict[str, str]) -> None:
    mail = render(rich_report(**what))
    assert next(iter(what.values())) in mail.text.split("Customers:")[0]
    assert mail.subject.split(": ")[1].startswith(("RUN HELD", "WRITING STOPPED"))


def test_currencies_are_never_added_up() -> None:
    assert ("Applied", ("+94.00 EUR", "-7.60 USD")) in digest_of(rich_report()).money


@pytest.mark.parametrize(
    ("result", "title"),
    [
        (ChangeResult.APPLIED, "Applied"),
        (ChangeResult.WAITING, "Waiting for your approval"),
        (ChangeResult.HELD, "Held"),
        (ChangeResult.OBSERVED, "Observed only"),
        (ChangeResult.PLANNED, "Planned, and not applied"),
        (ChangeResult.REJECTED, "Rejected"),
        (ChangeResult.HALF_DONE, "Half done or refused by the PSA"),
        (ChangeResult.FAILED, "Half done or refused by the PSA"),
    ],
)
def test_every_change_is_told_once_and_empty_sections_are_left_out(result: ChangeResult, title: str) -> None:
    assert titles(change("Visio", result, 1, 2)) == [title]


def test_a_customer_whose_writes_failed_is_told_of_by_its_lines_only() -> None:
    assert titles(change("Visio", ChangeResult.FAILED, 1, 2), state=CustomerState.FAILED) == ["Half done or refused by the PSA"]


def test_one_cause_for_many_customers_is_told_once() -> None:
    failed = [customer(f"Customer {number}", state=CustomerState.FAILED, reason="The key is wrong", fix="Renew it") for number in range(800)]
    (section,) = digest_of(RunReport(run(800), tuple(failed))).sections
    assert (section.customers, [entry.title for entry in section.entries]) == (800, ["800 customers"])
    assert section.entries[0].lines[0].details[0].endswith("Customer 11 and 788 more")


def test_the_trace_id_of_an_answer_does_not_make_one_cause_many() -> None:
    failed = [
        customer(name, state=CustomerState.FAILED, reason=f"No consent (trace {trace})") for name, trace in (("Contoso", "1a-2b"), ("Litware", "3c"))
    ]
    assert "2 customers" in render(RunReport(run(2), tuple(failed))).text


def test_trials_and_other_sellers_seats_are_shown() -> None:
    report = RunReport(run(1), (customer("Contoso", notes=("Microsoft Copilot: 25 trial, not billed",)),))
    assert "Microsoft Copilot: 25 trial, not billed" in render(report).text


def test_a_long_section_is_cut_and_says_how_much_is_left_out() -> None:
    applied = [customer(f"Customer {number}", change("Visio", ChangeResult.APPLIED, 1, 2)) for number in range(100)]
    mail = render(RunReport(run(100), tuple(applied)))
    assert "Applied (100)" in mail.text
    assert f"and {100 - MOST_ENTRIES} more" in mail.text


@pytest.mark.parametrize("report", [rich_report(), rich_report(held="why"), quiet_report(), hostile_report()])
def test_the_page_is_whole_and_brings_all_it_needs(report: RunReport) -> None:
    """Outlook and phones show tables with inline styles; nothing is loaded and nothing can be clicked."""
    page = Page(render(report).html)
    assert set(page.tags) <= {"html", "head", "meta", "title", "body", "div", "table", "tr", "td", "span", "bdi", "br"}
    assert not {"src", "href", "class", "onclick"} & page.attributes


def test_page_and_text_tell_the_same() -> None:
    shown = " ".join(Page(render(rich_report()).html).text.split())
    digest = digest_of(rich_report())
    lines = [line for section in digest.sections for entry in section.entries for line in entry.lines]
    assert all(text in shown for line in lines for text in (line.about, line.text, line.amount, line.fix, *line.details))


def found_report(*kinds: NoticeKind) -> RunReport:
    """A run that found seats, a user and an end, and something solved."""
    seats = Finding(NoticeKind.UNASSIGNED, "s", "3 of 10 bought are assigned to nobody", "t", "Contoso", "s", "Visio", since=date(2025, 3, 1))
    user = Finding(NoticeKind.DISABLED_USERS, "u", "holds Visio", "t", "Contoso", item="left@contoso.example")
    end = Finding(NoticeKind.SIGN_IN_ENDING, "secret", "The app's secret ends on 2025-04-01", fix="Make a new one")
    return replace(rich_report(), kinds=frozenset(kinds), found=(seats, user, end), solved=(replace(seats, customer="Litware"),))


def test_findings_have_sections_of_their_own_with_the_name_to_accept_them_by() -> None:
    report = found_report(*NoticeKind)
    mail = render(report)
    sections = {section.title: section for section in digest_of(report).sections}
    assert sections["Bought, and assigned to nobody"].entries[0].lines[0].about == "Visio"
    assert sections["Licences of users who may not sign in"].entries[0].lines[0].about == "left@contoso.example"
    assert sections["Sign-in that is broken, or ends"].entries[0].lines[0].fix == "Make a new one"
    assert sections["Solved"].entries[0].title == "Litware"
    assert f"Notice {report.found[0].finding_id}, since 2025-03-01" in mail.text
    assert "1 unassigned, 1 disabled users, 1 sign-in ending, 1 solved" in mail.subject


def test_a_mail_about_some_kinds_tells_nothing_of_the_others() -> None:
    told = replace(rich_report(), kinds=frozenset({NoticeKind.APPLIED}))
    assert [section.title for section in digest_of(told).sections] == ["Applied"]
    assert [headline.word for headline in digest_of(told).headlines] == ["of 12 read", "changed"]
    failures = replace(rich_report(), kinds=frozenset({NoticeKind.FAILED}))
    assert [section.title for section in digest_of(failures).sections] == ["Half done or refused by the PSA", "Failed", "Not read for days"]


def test_what_is_silent_is_left_out_and_the_rest_told() -> None:
    report = RunReport(run(1), (customer("Contoso", change("Visio", ChangeResult.WAITING, 1, 2), change("Project", ChangeResult.WAITING, 3, 4)),))
    known = [finding.finding_id for finding in findings_of(report) if finding.item == "Visio"]
    assert "Visio" not in render(replace(report, silent=frozenset(known))).text
    assert "Project" in render(replace(report, silent=frozenset(known))).text


def test_a_finding_about_a_text_does_not_repeat_the_names_in_it() -> None:
    named = change("Visio", ChangeResult.WAITING, 1, 1, kind=ChangeKind.SET_TEXT, terms=Terms(text="Visio: a person"))
    (finding,) = findings_of(RunReport(run(1), (customer("Contoso", named),)))
    assert (finding.kind, finding.text) == (NoticeKind.WAITING, "another text")


def test_a_mail_about_some_kinds_does_not_say_that_all_is_well() -> None:
    assert "All is well" not in render(replace(quiet_report(), kinds=frozenset({NoticeKind.APPLIED}))).text


def test_hostile_names_are_only_text() -> None:
    mail = render(hostile_report())
    assert "<script>" not in mail.html
    assert not any(character in mail.html + mail.text for character in "\r\x1b\u202e\u2028")
    assert "\nBcc:" not in mail.text


def test_a_subject_is_one_line_whatever_the_customer_is_called() -> None:
    report = replace(hostile_report(), run=run(1, kind=RunKind.RESYNC), customers=(customer(HOSTILE * 9),))
    subject = render(report).subject
    assert subject.isprintable()
    assert len(subject) <= 200
