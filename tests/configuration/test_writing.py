"""Writing: what is exported reads as the same configuration."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_file, read_text, to_text
from sandbox.configuration_tool import CHECKERS
from sync_core.configuration.customer_links import link_key
from sync_core.configuration.known_skus import FREE_SKUS
from sync_core.configuration.writing import file_document
from sync_core.model.billing import Basis, BillingProfile, ByTerm, LineChoice, ManualEdits, Per
from sync_core.model.configuration import (
    DIRECT,
    AgreementBy,
    AgreementChoice,
    Approvals,
    Configuration,
    ConfiguredLink,
    Connection,
    Credential,
    CustomerConfiguration,
    GuardRails,
    MailVia,
    Notices,
    Partner,
)
from sync_core.model.custom_licences import Attribute, Condition, Counts, CustomLicence
from sync_core.model.customers import Customer, Mode, SignIn
from sync_core.model.languages import Language
from sync_core.model.notices import Frequency, NoticeKind, Route, Silence, TicketRoute, Weekday
from sync_core.model.plans import ChangeKind
from sync_core.model.terms import Duration
from tests.configuration.files import FILE, configuration

EXAMPLE = Path(__file__).parents[2] / "examples" / "configuration.yaml"

names = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=20).map(lambda text: f"{text}.")
tricky = st.sampled_from(
    ["no", "012", "1:30", "1_000", "2026-01-02", "null", "~", "- a", "a: b", "#a", "'", '"', "!x", "&x", "*x", "@", "%", "é", "😀"]
)
texts = names | tricky
guids = st.uuids().map(str)
ids = st.from_regex("[A-Za-z0-9][A-Za-z0-9_.-]{0,9}", fullmatch=True)
whole = st.integers(0, 1000)
amounts = st.decimals(0, 100000, places=2)
shares = st.decimals(0, 1, places=2)
secrets = st.sampled_from(["partner-app-secret", "psa-key", "other-secret"])

guard_rails = st.builds(GuardRails, shares, whole, amounts, shares, whole, amounts, st.sampled_from(ManualEdits))
some_kinds = st.frozensets(st.sampled_from(NoticeKind), max_size=3)
silences = st.builds(Silence, some_kinds, st.dictionaries(guids, some_kinds, max_size=2))
people = st.lists(st.just("a@contoso.example"), max_size=2).map(tuple)
weekly = st.builds(Route, people, st.just(Frequency.WEEKLY), st.sampled_from(Weekday))
routes = weekly | st.builds(
    Route, people, st.sampled_from(Frequency), when_empty=st.booleans(), repeat=st.sampled_from([None, True, False]), mail=st.booleans()
)
ticket_settings = st.dictionaries(st.sampled_from(["board", "priority"]), texts)
notices = st.builds(
    Notices,
    st.lists(st.just("a@contoso.example"), max_size=2).map(tuple),
    st.just("b@contoso.example"),
    st.sampled_from(MailVia),
    st.just("mail.example"),
    whole,
    texts,
    secrets,
    whole,
    st.booleans(),
    st.dictionaries(st.sampled_from(NoticeKind), routes, max_size=3),
    silences,
)
KINDS: list[ChangeKind] = [kind for kind in ChangeKind if kind not in (ChangeKind.NONE, ChangeKind.HAND_BACK)]
approvals = st.builds(Approvals, st.booleans(), st.dictionaries(st.sampled_from(KINDS), st.sampled_from(Mode), max_size=2), whole, shares)
partners = st.builds(
    Partner, guids, guids, st.sampled_from(Credential), secrets, secrets, st.just("") | guids, st.frozensets(guids | st.just(DIRECT), min_size=1)
)
profiles = st.lists(
    st.builds(BillingProfile, texts, texts, st.sampled_from(Basis), whole, whole, st.booleans()), min_size=1, max_size=3, unique_by=lambda p: p.name
)
agreements = st.builds(AgreementChoice, st.just(AgreementBy.ID), ids) | st.builds(
    AgreementChoice, st.sampled_from([AgreementBy.NAME, AgreementBy.TYPE]), texts
)
choices = st.sampled_from([(LineChoice.NONE, ""), (LineChoice.NEW, "")]) | st.tuples(st.just(LineChoice.ADOPT), ids)


@st.composite
def links(draw: st.DrawFn, connections: list[Connection], known: list[BillingProfile]) -> ConfiguredLink:
    sku_id, company_id, name = draw(guids), draw(ids), draw(st.just("") | ids)
    connection, (choice, line_id) = draw(st.sampled_from(connections)).name, draw(choices)
    key = link_key(sku_id, connection, company_id, name)
    start = draw(st.none() | st.dates(date(2020, 1, 1), date(2040, 1, 1)))
    bought = [profile for profile in known if profile.basis is Basis.PURCHASED] if choice is not LineChoice.ADOPT else []
    by_term = (
        draw(st.lists(st.builds(ByTerm, st.sampled_from(Duration).map(str), st.just("annual"), st.sampled_from(bought)), max_size=2))
        if bought
        else []
    )
    per = draw(st.sampled_from(Per)) if bought else Per.SKU
    profile = draw(st.sampled_from(bought if per is not Per.SKU else known))
    place = (profile, connection, company_id, draw(agreements), start, choice, line_id, draw(st.booleans()))
    return ConfiguredLink(key, sku_id, *place, per, tuple(by_term) if per is not Per.SKU else ())


entries = st.lists(st.sampled_from(["Sales", "no", "012", "é: b"]), min_size=1, max_size=2, unique=True).map(tuple)
conditions = (
    st.builds(Condition, st.sampled_from([Attribute.DEPARTMENT, Attribute.SERVICE_PLAN]), entries)
    | st.builds(Condition, st.just(Attribute.ENABLED), st.sampled_from([("true",), ("false",)]))
    | st.builds(Condition, st.just(Attribute.SIGNED_IN_WITHIN_DAYS), st.integers(1, 3650).map(lambda days: (str(days),)))
    | st.builds(Condition, st.sampled_from([Attribute.GROUP, Attribute.ALL_SKUS]), guids.map(lambda each: (each,)))
)
together = st.lists(conditions, min_size=1, max_size=3, unique_by=lambda condition: condition.attribute).map(tuple)
any_of = st.lists(together, max_size=2).map(tuple)
rules = st.builds(CustomLicence, ids, texts, st.sampled_from([Counts.USERS, Counts.MAILBOXES]), any_of, any_of)


@st.composite
def custom_licences(draw: st.DrawFn) -> tuple[CustomLicence, ...]:
    """Rules, and perhaps a sum of them."""
    counted = draw(st.lists(rules, max_size=2, unique_by=lambda licence: licence.name))
    if not counted or not draw(st.booleans()):
        return tuple(counted)
    return (*counted, CustomLicence("sum-of-them", draw(texts), Counts.SUM, sum_of=tuple(licence.item_id for licence in counted)))


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    labels = draw(st.lists(ids, min_size=1, max_size=2, unique=True))
    places = st.dictionaries(st.sampled_from(["company", "region"]), texts)
    keys = st.dictionaries(st.sampled_from(["public", "private"]), secrets)
    zones = st.sampled_from(["UTC", "America/New_York", "Australia/Sydney"])
    url, spoken = "https://na.myconnectwise.net", st.sampled_from(Language)
    connections = [Connection(label, "connectwise", url, draw(zones), draw(places), draw(keys), draw(spoken)) for label in labels]
    customer = st.builds(Customer, guids, texts, st.sampled_from(SignIn), st.sampled_from(Mode))
    own_links = st.lists(links(connections, draw(profiles)), max_size=3, unique_by=lambda link: link.item_id).map(tuple)
    some_customers = st.lists(
        st.builds(CustomerConfiguration, customer, own_links, st.frozensets(guids, max_size=2), guard_rails, silence=silences),
        max_size=3,
        unique_by=lambda item: item.customer.tenant_id,
    )
    excluded = draw(st.frozensets(st.sampled_from(sorted(FREE_SKUS)) | guids, max_size=5))
    sku_names = draw(st.dictionaries(guids, texts, max_size=2))
    tickets = st.builds(TicketRoute, st.sampled_from(labels), ids, st.booleans(), ticket_settings)
    told = draw(notices)
    told = replace(told, routes={kind: replace(route, ticket=draw(tickets)) for kind, route in told.routes.items() if kind is not NoticeKind.APPLIED})
    base = Configuration(draw(partners), tuple(connections), tuple(draw(some_customers)), draw(guard_rails), told, excluded, sku_names)
    usual = draw(approvals)
    kinds: st.SearchStrategy[dict[ChangeKind, Mode]] = st.dictionaries(st.sampled_from(KINDS), st.sampled_from(Mode), max_size=2)
    own = [replace(usual, kinds={**usual.kinds, **draw(kinds)}, within_units=draw(whole)) for _ in base.customers]
    customers = tuple(replace(item, approvals=each) for item, each in zip(base.customers, own, strict=True))
    return replace(base, approvals=usual, customers=customers, custom_licences=draw(custom_licences()))


def again(original: Configuration) -> Configuration:
    return read_text(to_text(file_document(original)), known_skus(), "export.yaml").configuration


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(configurations())
def test_an_export_reads_as_what_was_exported(original: Configuration) -> None:
    assert again(original) == original


def test_the_export_of_rules_writes_every_link_out() -> None:
    assert "rules:" not in to_text(file_document(configuration()))
    assert again(configuration()) == configuration()


def test_a_partner_without_a_service_account_stays_without_one() -> None:
    """Its default is the usual name, so that leaving it out would bring it back."""
    alone = replace(configuration(FILE), partner=Partner(configuration(FILE).partner.tenant_id, "22222222-2222-4222-8222-222222222222"))
    alone = replace(alone, partner=replace(alone.partner, refresh_token_secret=""))
    text = to_text(file_document(alone))
    assert "refresh_token_secret: none" in text
    assert read_text(text, known_skus(), "export", CHECKERS).configuration.partner.refresh_token_secret == ""


def test_amounts_are_exported_to_the_cent() -> None:
    original = configuration(FILE + "guard_rails: {customer_money: 1234567.89}\n")
    assert again(original).guard_rails.customer_money == Decimal("1234567.89")


def test_the_example_is_right_and_exports() -> None:
    reading, text = read_file(EXAMPLE, known_skus(), CHECKERS)
    assert text == EXAMPLE.read_text(encoding="utf-8")
    assert again(reading.configuration) == reading.configuration
