"""The sections of findings: what is told when it is new, and once more when it is solved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from adapters.mail.digest_parts import Entry, Line, Section, Tone, entry_of, section_of
from sync_core.model.notices import Finding, NoticeKind
from sync_core.model.reports import RunReport

_ABOUT_THE_PARTNER = "Your own sign-in"
_SECTIONS = {
    NoticeKind.SIGN_IN_ENDING: ("Sign-in that is broken, or ends", Tone.BAD, "Without it nothing can be read, written or told."),
    NoticeKind.LEFT_BEHIND: ("Left behind", Tone.WAITING, "Billed on as they are, until you say what is to become of them."),
    NoticeKind.RELATIONSHIPS_ENDING: ("Relationships that end", Tone.WAITING, "Afterwards these customers can no longer be read."),
    NoticeKind.UNASSIGNED: ("Bought, and assigned to nobody", Tone.CALM, "Assign them, or give them back when they renew."),
    NoticeKind.SHARED_MAILBOXES: ("Shared mailboxes with licences", Tone.CALM, "A shared mailbox of up to 50 GB needs none."),
    NoticeKind.DISABLED_USERS: ("Licences of users who may not sign in", Tone.CALM, "Take them away where nobody needs them any more."),
}


def found_sections(report: RunReport) -> Iterator[Section]:
    """A section for each kind of finding, and one for what is solved."""
    for kind, (title, tone, lead) in _SECTIONS.items():
        yield section_of(title, tone, lead, _entries([each for each in report.found if each.kind is kind]))
    yield section_of("Solved", Tone.GOOD, "These were told before and are not found any more.", _entries(report.solved, solved=True))


def numbers_of(report: RunReport) -> Iterator[str]:
    """How many findings there are of each kind, for the subject."""
    for kind, number in Counter(each.kind for each in report.found).items():
        yield f"{number} {kind}"
    if report.solved:
        yield f"{len(report.solved)} solved"


def _entries(findings: Iterable[Finding], solved: bool = False) -> Iterator[Entry]:
    by_customer: dict[str, list[Line]] = {}
    for each in findings:
        line = Line(each.item, f"{each.kind}: {each.text}") if solved else Line(each.item, each.text, fix=each.fix, details=_small_print(each))
        by_customer.setdefault(each.customer or _ABOUT_THE_PARTNER, []).append(line)
    for customer, lines in by_customer.items():
        yield entry_of(customer, lines)


def _small_print(finding: Finding) -> tuple[str, ...]:
    """The name by which a person accepts it, and since when it stands."""
    return (f"Notice {finding.finding_id}" + (f", since {finding.since}" if finding.since else ""),)
