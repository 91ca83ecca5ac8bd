"""Reading: what a file means, with rules and exceptions worked out."""

from datetime import date
from decimal import Decimal

import pytest

from sync_core.configuration.known_skus import FREE_SKUS
from sync_core.model.billing import Basis, LineChoice
from sync_core.model.configuration import AgreementBy, AgreementChoice, ConfiguredLink
from sync_core.model.customers import Mode
from sync_core.model.notices import Frequency, NoticeKind, Route, Silence, TicketRoute, Weekday
from tests.configuration.files import CUSTOMERS, EXCHANGE, FABRIKAM, FILE, HEAD, PARTNER, PREMIUM, RULES, WINGTIP, configuration, problems, read


def links(text: str) -> tuple[ConfiguredLink, ...]:
    return configuration(text).customers[0].links


def test_a_rule_makes_a_link_for_every_customer_with_a_company() -> None:
    found = configuration(FILE + f"  - {{tenant_id: {WINGTIP}, name: Wingtip Toys, company: 251}}\n")
    assert [link.key for item in found.customers for link in item.links if link.item_id == PREMIUM] == [f"{PREMIUM}~cw~250", f"{PREMIUM}~cw~251"]


def test_a_customer_without_a_company_has_no_links() -> None:
    assert links(HEAD + RULES + f"customers:\n  - {{tenant_id: {FABRIKAM}, name: Fabrikam}}\n") == ()


def test_a_customers_link_replaces_the_rule_for_its_sku() -> None:
    text = FILE + "    links:\n      - {sku: SPB, profile: Exchange, agreement: {id: 7}, start: 2026-11-01}\n"
    premium, exchange = links(text)
    assert (premium.profile.name, premium.agreement, premium.start) == ("Exchange", AgreementChoice(AgreementBy.ID, "7"), date(2026, 11, 1))
    assert (exchange.item_id, exchange.profile.name) == (EXCHANGE, "Exchange")


def test_one_tenant_bills_to_two_companies() -> None:
    one = "{sku: SPB, profile: Premium, agreement: {id: 7}}"
    two = "{sku: SPB, profile: Premium, agreement: {id: 8}, company: 251}"
    text = FILE + f"    links: [{one}, {two}]\n"
    assert [link.company_id for link in links(text) if link.item_id == PREMIUM] == ["250", "251"]


def test_a_name_tells_two_links_to_one_company_apart() -> None:
    one = "{sku: SPB, profile: Premium, agreement: {id: 7}}"
    two = "{sku: SPB, profile: Premium, agreement: {id: 8}, name: lab}"
    assert [link.key for link in links(FILE + f"    links: [{one}, {two}]\n")][:2] == [f"{PREMIUM}~cw~250", f"{PREMIUM}~cw~250~lab"]


def test_another_agreement_keeps_the_key() -> None:
    """The link's history hangs on its key: an agreement that is chosen in another way is no new link."""
    moved = FILE.replace("{type: Microsoft 365}", "{name: Managed Services}")
    assert [link.key for link in links(moved)] == [link.key for link in links(FILE)]


def test_a_line_is_adopted_or_made_new() -> None:
    text = FILE + "    links:\n      - {sku: SPB, profile: Premium, agreement: {id: 7}, line: adopt 4711}\n"
    assert (links(text)[0].choice, links(text)[0].adopt_line_id) == (LineChoice.ADOPT, "4711")
    assert links(text.replace("adopt 4711", "new"))[0].choice is LineChoice.NEW


def test_a_customers_exclusion_leaves_the_rule_out() -> None:
    found = configuration(FILE + "    exclusions: [SPB]\n").customers[0]
    assert [link.item_id for link in found.links] == [EXCHANGE]
    assert found.excluded_skus == {PREMIUM}


def test_free_skus_are_excluded_unless_they_are_kept() -> None:
    kept = configuration(FILE + "exclusions: {keep: [FLOW_FREE], skus: [SPE_E5]}\n").excluded_skus
    assert configuration().excluded_skus == FREE_SKUS.keys()
    assert "f30db892-07e9-47e9-837c-80727f46fd3d" not in kept
    assert configuration(FILE + "exclusions: {defaults: false}\n").excluded_skus == frozenset()


def test_a_set_of_skus_stands_for_its_members() -> None:
    text = HEAD + "sku_sets: {mail: [SPB, EXCHANGESTANDARD]}\nrules:\n  - {sku_set: mail, profile: Exchange, agreement: {name: Mail}}\n" + CUSTOMERS
    assert [link.item_id for link in links(text)] == [PREMIUM, EXCHANGE]


def test_a_customers_guard_rails_differ_only_where_it_says_so() -> None:
    found = configuration(FILE + "    guard_rails: {line_units: 2}\nguard_rails: {customer_money: 99.50}\n")
    assert (found.guard_rails.line_units, found.guard_rails.customer_money) == (5, Decimal("99.50"))
    assert (found.customers[0].guard_rails.line_units, found.customers[0].guard_rails.customer_money) == (2, Decimal("99.50"))


def test_what_the_partner_sold_is_billed_by_default() -> None:
    assert configuration().partner.sold_by == {PARTNER}
    text = FILE.replace("connections:", "  sold_by: [direct]\nconnections:")
    assert configuration(text).partner.sold_by == {"direct"}


def test_customers_are_observed_unless_the_file_says_more() -> None:
    assert configuration().customers[0].customer.mode is Mode.OBSERVE
    assert configuration(FILE + "    mode: automatic\n").customers[0].customer.mode is Mode.AUTOMATIC


def test_values_stay_what_the_writer_meant() -> None:
    """YAML 1.1 would read these as a flag, an octal number, a number of seconds, an integer and a date."""
    names = {"no": "no", "012": "012", "1:30": "1:30", "1_000": "1_000", "2026-01-02": "2026-01-02"}
    for written, meant in names.items():
        assert configuration(FILE.replace("M365-BP", written)).customers[0].links[0].profile.product == meant


def test_tenant_ids_are_kept_in_lower_case() -> None:
    text = FILE.replace(FABRIKAM, "ABCDEF00-0000-4000-8000-00000000000A")
    assert configuration(text).customers[0].customer.tenant_id == "abcdef00-0000-4000-8000-00000000000a"


def test_names_for_people_are_kept_by_sku_id() -> None:
    assert configuration(FILE + "sku_names: {SPB: Business Premium}\n").sku_names == {PREMIUM: "Business Premium"}


def test_a_profile_says_how_an_item_is_billed() -> None:
    text = FILE.replace("product: M365-BP", "product: M365-BP\n    basis: greater\n    included: 2\n    bill_warning: false")
    profile = links(text)[0].profile
    assert (profile.basis, profile.included, profile.bill_warning) == (Basis.GREATER, 2, False)


def test_two_skus_under_one_product_are_warned_of_once() -> None:
    text = FILE.replace("EXO-P1", "M365-BP") + f"  - {{tenant_id: {WINGTIP}, name: Wingtip Toys, company: 251}}\n"
    (warning,) = read(text).warnings
    assert "bill the same product M365-BP" in warning.what


NOTICES = """\
notices:
  recipients: [billing@contoso.example]
  sender: sync@contoso.example
  off: [not billed]
  items: {SPB: [unassigned]}
  routes:
    unassigned: {recipients: [sales@contoso.example], frequency: weekly, weekday: friday}
    applied: {frequency: daily}
"""


def test_kinds_of_notices_have_routes_and_can_be_off() -> None:
    own = CUSTOMERS + "    notices: {off: [gone], items: {EXCHANGESTANDARD: [not linked]}}\n"
    read_file = configuration(HEAD + NOTICES + own)
    notices, (item,) = read_file.notices, read_file.customers
    assert notices.route(NoticeKind.UNASSIGNED) == Route(("sales@contoso.example",), Frequency.WEEKLY, Weekday.FRIDAY)
    assert notices.route(NoticeKind.APPLIED) == Route(("billing@contoso.example",), Frequency.DAILY)
    assert notices.route(NoticeKind.FAILED) == Route(("billing@contoso.example",), when_empty=True)
    assert (notices.route(NoticeKind.NOT_BILLED), notices.route(NoticeKind.DISABLED_USERS)) == (None, None)
    assert notices.silence == Silence(frozenset({NoticeKind.NOT_BILLED}), {PREMIUM: frozenset({NoticeKind.UNASSIGNED})})
    assert item.silence == Silence(frozenset({NoticeKind.GONE}), {EXCHANGE: frozenset({NoticeKind.NOT_LINKED})})


def test_a_kind_may_make_tickets_at_a_company_of_the_psa() -> None:
    text = NOTICES + "    failed: {ticket: {company: 1, at_customer: true, settings: {board: Billing}}}\n"
    assert configuration(HEAD + text + CUSTOMERS).notices.ticket(NoticeKind.FAILED) == TicketRoute("cw", "1", True, {"board": "Billing"})


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("applied: {frequency: daily}", "applied: {ticket: {company: 1}}", "a ticket for what was done"),
        ("applied: {frequency: daily}", "failed: {ticket: {company: 1, connection: at}}", "unknown connection"),
        ("applied: {frequency: daily}", "failed: {ticket: {}}", "company is missing"),
        ("frequency: weekly, ", "", "a weekday without frequency: weekly"),
        ("  sender: sync@contoso.example\n", "", "sender is missing"),
        ("applied: {", "aplied: {", "applied"),
        ("SPB:", "SPBX:", "unknown SKU"),
    ],
)
def test_routes_that_make_no_sense_are_refused(right: str, wrong: str, says: str) -> None:
    assert any(says in problem for problem in problems(HEAD + NOTICES.replace(right, wrong, 1) + CUSTOMERS))
