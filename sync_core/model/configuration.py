"""The partner's configuration as the stages use it: read from YAML once, stored as a version, never changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from sync_core.model.billing import BillingProfile, ByTerm, LineChoice, ManualEdits, Names, Outgoing, Per
from sync_core.model.custom_licences import CustomLicence, Split, custom_name
from sync_core.model.customers import Customer, Mode
from sync_core.model.languages import Language
from sync_core.model.notices import BY_REQUEST, NOTHING_OFF, TOLD_ONCE, NoticeKind, Route, Silence, TicketRoute
from sync_core.model.plans import ChangeKind
from sync_core.model.terms import TermsFrom

DIRECT = "direct"
"""In ``sold_by``: subscriptions for which Microsoft names no seller are ours."""


class Credential(StrEnum):
    """How the app proves itself to Microsoft."""

    SECRET = "secret"
    CERTIFICATE = "certificate"
    MANAGED_IDENTITY = "managed identity"


@dataclass(frozen=True)
class Partner:
    """The partner's own tenant and app registration. ``*_secret`` are names of secrets, never values.

    ``sold_by`` are the tenants whose subscriptions we bill: the partner's own by default, the indirect provider's, or ``direct``.
    """

    tenant_id: str
    application_id: str
    credential: Credential = Credential.SECRET
    credential_secret: str = "partner-app-secret"
    refresh_token_secret: str = "partner-refresh-token"
    managed_identity_client_id: str = ""
    sold_by: frozenset[str] = frozenset()
    terms: TermsFrom = TermsFrom.GRAPH


@dataclass(frozen=True)
class Connection:
    """One PSA. ``kind`` names the adapter, ``settings`` and ``secrets`` (names) are the adapter's own; ``time_zone`` is an IANA name.

    ``language`` is that of its invoices.
    """

    name: str
    kind: str
    url: str
    time_zone: str = "UTC"
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    language: Language = Language.ENGLISH


@dataclass(frozen=True)
class GuardRails:
    """What may pass without a person. Each limit is cautious by default and may be set for all and per customer.

    A line needs approval when it moves by more than ``line_share`` of its quantity *and* more than ``line_units`` units.
    ``customer_money`` and ``run_money`` are amounts per period in the agreement's currency, each currency on its own.
    ``run_customers_share`` is the share of the run's customers that may change, judged from ``run_customers`` customers on.
    """

    line_share: Decimal = Decimal("0.25")
    line_units: int = 5
    customer_money: Decimal = Decimal(500)
    run_customers_share: Decimal = Decimal("0.3")
    run_customers: int = 5
    run_money: Decimal = Decimal(5000)
    manual_edits: ManualEdits = ManualEdits.ASK


@dataclass(frozen=True)
class Approvals:
    """Whose word is needed. ``four_eyes``: two different verified people, neither of them the one who imported the configuration.

    ``kinds`` is how far a kind of change may go, where that is less far than the customer. In mode approve, a change of a line's
    quantity that no guard rail objects to passes without a person if it moves at most ``within_units``, or at most
    ``within_share`` of the units before; 0 lets none pass.
    """

    four_eyes: bool = False
    kinds: Mapping[ChangeKind, Mode] = field(default_factory=dict)
    within_units: int = 0
    within_share: Decimal = Decimal(0)


class AgreementBy(StrEnum):
    """How a rule finds the agreement among those of the customer's company."""

    ID = "id"
    TYPE = "type"
    NAME = "name"


@dataclass(frozen=True)
class AgreementChoice:
    """Which agreement of the company: by id, by the name of its type, or by its own name. Compared without regard to case."""

    by: AgreementBy
    value: str


@dataclass(frozen=True)
class ConfiguredLink:
    """A link as configured: the agreement is still a choice, made when the company's agreements are known.

    ``key`` is stable: the same item to the same place has the same key in every version.
    """

    key: str
    item_id: str
    profile: BillingProfile
    connection: str
    company_id: str
    agreement: AgreementChoice
    start: date | None = None
    choice: LineChoice = LineChoice.NONE
    adopt_line_id: str = ""
    bills: bool = True
    per: Per = Per.SKU
    terms: tuple[ByTerm, ...] = ()
    """Profiles for subscriptions by their term, the first that fits; ``profile`` is for all others."""
    family: str = ""
    outgoing: Outgoing = Outgoing.NO

    @property
    def profiles(self) -> tuple[BillingProfile, ...]:
        """All profiles that it may bill under."""
        return (self.profile, *(each.profile for each in self.terms))


@dataclass(frozen=True)
class CustomerConfiguration:
    """All that is configured for one customer, rules and exceptions already worked out.

    ``custom_licences`` are those that count otherwise here than for everybody else. The links of a divided item bill its parts.
    """

    customer: Customer
    links: tuple[ConfiguredLink, ...] = ()
    excluded_skus: frozenset[str] = frozenset()
    guard_rails: GuardRails = GuardRails()
    custom_licences: tuple[CustomLicence, ...] = ()
    splits: tuple[Split, ...] = ()
    approvals: Approvals = Approvals()
    names: bool = True
    """Whether lines may name this customer's people where a profile says so."""
    silence: Silence = NOTHING_OFF
    """What is not told of this customer."""

    @property
    def named(self) -> tuple[str, ...]:
        """The ids of the items whose lines name the people behind them."""
        named = (link.item_id for link in self.links if any(profile.names is not Names.NONE for profile in link.profiles))
        return tuple(dict.fromkeys(named)) if self.names else ()


class MailVia(StrEnum):
    """How mail leaves."""

    GRAPH = "graph"
    SMTP = "smtp"


@dataclass(frozen=True)
class Notices:
    """Who hears of a run, and how. ``smtp_password_secret`` is the name of a secret; empty means no sign-in."""

    recipients: tuple[str, ...] = ()
    sender: str = ""
    via: MailVia = MailVia.GRAPH
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password_secret: str = ""
    unread_after_days: int = 3
    when_empty: bool = True
    """Whether the mail of a run goes out also when there is nothing to tell."""
    routes: Mapping[NoticeKind, Route] = field(default_factory=dict)
    """Where kinds go that do not go to everybody with each run."""
    silence: Silence = NOTHING_OFF
    """What is not told of any customer."""

    def route(self, kind: NoticeKind) -> Route | None:
        """Where a kind goes, its recipients filled in; ``None`` where nobody is told of it."""
        return self._whole_routes.get(kind)

    @cached_property
    def _whole_routes(self) -> Mapping[NoticeKind, Route]:
        told = [kind for kind in NoticeKind if kind not in self.silence.off and (kind in self.routes or kind not in BY_REQUEST)]
        routes = {kind: self.routes.get(kind, Route(when_empty=self.when_empty)) for kind in told}
        return {kind: replace(route, recipients=route.recipients or self.recipients) for kind, route in routes.items()}

    def ticket(self, kind: NoticeKind) -> TicketRoute | None:
        """The tickets that a kind makes."""
        route = self.routes.get(kind)
        return route.ticket if route and kind not in self.silence.off else None

    def repeats(self, kind: NoticeKind) -> bool:
        """Whether what was told of a kind and still stands is told again."""
        if kind is NoticeKind.APPLIED:  # each write happens once
            return True
        asked = self.routes[kind].repeat if kind in self.routes else None
        return kind not in TOLD_ONCE if asked is None else asked


@dataclass(frozen=True)
class Configuration:
    """One version of everything. ``version`` 0 means not stored yet."""

    partner: Partner
    connections: tuple[Connection, ...]
    customers: tuple[CustomerConfiguration, ...]
    guard_rails: GuardRails = GuardRails()
    notices: Notices = Notices()
    excluded_skus: frozenset[str] = frozenset()
    sku_names: Mapping[str, str] = field(default_factory=dict)
    version: int = 0
    custom_licences: tuple[CustomLicence, ...] = ()
    approvals: Approvals = Approvals()

    def custom_licences_of(self, item: CustomerConfiguration) -> tuple[CustomLicence, ...]:
        """The custom licences that the customer's links bill, and those that a sum among them adds up, as they count for this customer."""
        known = {licence.name: licence for licence in (*self.custom_licences, *item.custom_licences)}
        billed = {custom_name(link.item_id) for link in item.links}
        added = {custom_name(item_id) for name in billed & known.keys() for item_id in known[name].sum_of}
        return tuple(licence for name, licence in known.items() if name in billed | added)

    def approvals_of(self, item: CustomerConfiguration) -> Approvals:
        """Whose word is needed at a customer. Four eyes are everybody's rule, or nobody's."""
        return replace(item.approvals, four_eyes=self.approvals.four_eyes)

    def customer(self, tenant_id: str) -> CustomerConfiguration | None:
        """What is configured for a tenant, or ``None``."""
        return next((item for item in self.customers if item.customer.tenant_id == tenant_id), None)

    def connection(self, name: str) -> Connection:
        """The connection of that name; raises ``KeyError``."""
        return {item.name: item for item in self.connections}[name]
