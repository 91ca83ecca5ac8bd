"""Usage reports: Graph answers with an address on a download host, where a CSV lies for some minutes that must be fetched without a token."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.microsoft.catalog import EXCHANGE_1, EXCHANGE_2
from sandbox.microsoft.directory import Tenant, User
from sandbox.microsoft.graph_call import Call, bad_request, denied
from sandbox.web import Request, Response

DOWNLOADS = "/report-downloads/"
MAILBOX_USAGE = "/reports/getMailboxUsageDetail(period='{period}')"
GOOD_FOR = timedelta(minutes=5)
_PERIODS = ("D7", "D30", "D90", "D180")
_PERMISSION = "Reports.Read.All"
_COLUMNS = ("Report Refresh Date", "User Principal Name", "Display Name", "Is Deleted", "Deleted Date", "Created Date", "Last Activity Date")
_NUMBERS = ("Item Count", "Storage Used (Byte)", "Deleted Item Count", "Deleted Item Size (Byte)")


@dataclass
class Reports:
    """The reports that wait to be fetched, by their path, each with the moment at which it is gone."""

    waiting: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)

    def mailbox_usage(self, call: Call, period: str) -> Response:
        """Makes the report and leads to it."""
        if _PERMISSION not in call.token.permissions:
            raise denied()
        if period not in _PERIODS:
            raise bad_request(f"Invalid period value specified: {period}. Supported values are: {', '.join(_PERIODS)}.")
        content = _csv(call.tenant, period, call.now)
        name = hashlib.sha256(content + str(len(self.waiting)).encode()).hexdigest()[:32]
        self.waiting[name] = (content, call.now + GOOD_FOR)
        host = call.base.removesuffix("/v1.0")
        return Response(302, b"", {"Location": f"{host}{DOWNLOADS}{name}?skv=1"})

    def download(self, request: Request, now: datetime) -> Response:
        """The report itself: the address alone is the right to it, and a token with it is refused."""
        content, until = self.waiting.get(request.path.removeprefix(DOWNLOADS), (b"", now))
        if "authorization" in request.headers:
            return Response(400, b"Only one of a signed address and a token may be used.")
        if until <= now:
            return Response(404, b"The report is not there any more.")
        return Response(200, content, {"Content-Type": "application/octet-stream"})


def _csv(tenant: Tenant, period: str, now: datetime) -> bytes:
    """As the service writes it: UTF-8 with a byte order mark. Data are two days old."""
    kinds = () if tenant.conditions.no_mailbox_kinds else ("Recipient Type",)
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow((*_COLUMNS, *_NUMBERS, *kinds, "Report Period"))
    refreshed = (now - timedelta(days=2)).date().isoformat()
    for user, kind in _mailboxes(tenant):
        names = [_shown(name, tenant) for name in (user.user_principal_name, user.display_name)]
        row = (refreshed, *names, "False", "", user.created.date().isoformat(), refreshed, *(0 for _ in _NUMBERS))
        rows.writerow((*row, *(kind for _ in kinds), period.removeprefix("D")))
    return text.getvalue().encode("utf-8-sig")


def _mailboxes(tenant: Tenant) -> Iterator[tuple[User, str]]:
    """People whose licence has a mailbox, and shared mailboxes, which need none."""
    for user in tenant.users:
        if user.shared_mailbox:
            yield user, "Shared"
        elif any(plan in (EXCHANGE_1, EXCHANGE_2) for sku in user.licences for plan in sku.plans):
            yield user, "User"


def _shown(name: str, tenant: Tenant) -> str:
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest().upper() if tenant.conditions.concealed_names else name
