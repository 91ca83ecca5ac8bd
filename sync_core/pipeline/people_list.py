"""People in mails: everybody whom the lines of a run's customers name, as a CSV file that goes with the digest, and whom findings are about.

Nothing is read for it: the people are those of the evidence that the customers' counts come from.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from sync_core.billing.naming import shown_names
from sync_core.counting import count_customer, people_by_item
from sync_core.documents import from_document
from sync_core.model.billing import Names
from sync_core.model.configuration import Configuration, CustomerConfiguration
from sync_core.model.forgotten import mark_of
from sync_core.model.licences import UsageSnapshot, User
from sync_core.model.notices import Finding
from sync_core.model.runs import CustomerState, Run
from sync_core.pipeline.context import Context
from sync_core.pipeline.customers import load_record
from sync_core.pipeline.runs import customers_of
from sync_core.ports import Attachment
from sync_core.spreadsheet import BYTE_ORDER_MARK, csv_row

LARGEST = 2_000_000
"""Bytes; mail through Graph takes 4 MB a request, and an attachment grows by a third on its way."""
MOST_OF_A_KIND, MOST_OF_A_CUSTOMER = 30, 12
"""So many findings of a kind, and of a kind and customer, a mail shows whole; where there are more, all of them go with it as a file, too."""
LARGEST_LIST = 500_000
"""Bytes of the file of findings, which may go with the other one."""
_HEADINGS = ("Customer", "Item", "User")

Entry = tuple[str, str, str]


def people_list(context: Context, run: Run) -> tuple[Attachment, ...]:
    """The file, or nothing where no line of the run's customers names anybody."""
    configuration = context.configuration(run.configuration)
    naming = [] if run.by_people else [item for item in configuration.customers if item.named]
    customers = customers_of(context.store, run.run_id) if naming else ()
    read = {item.value.tenant_id for item in customers if item.value.state is not CustomerState.FAILED}
    entries = [entry for item in naming if item.customer.tenant_id in read for entry in _entries(context, configuration, item)]
    return (Attachment("people.csv", "text/csv", as_csv(entries)),) if entries else ()


def names_of_people(context: Context, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings, those about a user with their sign-in name as the item, as far as the newest evidence knows them."""
    return _with_people(context, findings, lambda user: user.user_principal_name)


def ids_of_people(context: Context, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings, those about a user with their id as the item: it names nobody, and whoever may look it up at Microsoft finds them."""
    return _with_people(context, findings, lambda user: f"user {user.user_id}")


def _with_people(context: Context, findings: Sequence[Finding], shown: Callable[[User], str]) -> tuple[Finding, ...]:
    """A user whom the evidence does not know any more, or who was forgotten, is a user."""
    words: dict[tuple[str, str], str] = {}
    for tenant_id in dict.fromkeys(finding.tenant_id for finding in findings if finding.person):
        if snapshot := _evidence(context, tenant_id):
            words |= {(tenant_id, mark_of(tenant_id, user.user_id)): shown(user) for user in snapshot.users}
    return tuple(replace(each, item=words.get((each.tenant_id, each.person)) or "a user") if each.person else each for each in findings)


def findings_list(findings: Sequence[Finding]) -> tuple[Attachment, ...]:
    """The findings as a file, or nothing where a mail shows them all anyway."""
    kinds = Counter(each.kind for each in findings)
    customers = Counter((each.kind, each.tenant_id) for each in findings)
    if max(kinds.values(), default=0) <= MOST_OF_A_KIND and max(customers.values(), default=0) <= MOST_OF_A_CUSTOMER:
        return ()
    entries = [(each.kind.value, each.customer, each.item, each.text, str(each.since or "")) for each in findings]
    headings = ("Notice", "Customer", "About", "What", "Since")
    return (Attachment("findings.csv", "text/csv", as_csv(entries, LARGEST_LIST, headings)),)


def as_csv(entries: Sequence[tuple[str, ...]], largest: int = LARGEST, headings: tuple[str, ...] = _HEADINGS) -> bytes:
    """UTF-8 with a byte order mark, as spreadsheets take it. No cell is a formula; what is too much is counted in the last row."""
    content, size = [csv_row(headings)], 0
    for number, entry in enumerate(entries):
        row = csv_row(entry)
        size += len(row)
        if size > largest:
            content.append(csv_row((f"and {len(entries) - number} more", *("" for _ in headings[1:]))))
            break
        content.append(row)
    return BYTE_ORDER_MARK + b"".join(content)


def _entries(context: Context, configuration: Configuration, item: CustomerConfiguration) -> Iterator[Entry]:
    snapshot = _evidence(context, item.customer.tenant_id)
    if snapshot is None:
        return
    titles = {counted.item_id: counted.name for counted in count_customer(snapshot, configuration, item)}
    forms = {link.item_id: link.profile.names for link in item.links if link.profile.names is not Names.NONE}
    for item_id, people in people_by_item(snapshot, configuration, item).items():
        for name in shown_names(people, forms[item_id]):
            yield item.customer.name, titles.get(item_id, item_id), name


def _evidence(context: Context, tenant_id: str) -> UsageSnapshot | None:
    record = load_record(context.store, tenant_id)
    evidence = context.blobs.get(record.last.value.snapshot) if record.last else None
    return from_document(UsageSnapshot, json.loads(zlib.decompress(evidence))) if evidence else None
