"""Custom licences and splits in the file: templates, overrides, what is refused, and that an export reads as what was exported."""

from __future__ import annotations

import pytest

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_text, to_text
from sync_core.configuration.differences import differences
from sync_core.configuration.overview import overview
from sync_core.configuration.writing import file_document
from sync_core.documents import dumps, loads
from sync_core.model.configuration import ConfiguredLink, CustomerConfiguration
from sync_core.model.custom_licences import Attribute, Condition, Counts, CustomLicence, Part, Split
from tests.configuration.files import CUSTOMERS, EXCHANGE, FILE, HEAD, PREMIUM, configuration, problems

GROUP = "aaaaaaaa-0000-4000-8000-000000000001"
LICENCES = f"""\
custom_licences:
  managed-users:
    template: managed-users
    title: Managed people
    exclude:
      - group: {GROUP.upper()}
      - job_title: [Trainee, Intern]
        signed_in_within_days: 30
  phones:
    count: intune devices
    include: [{{operating_system: iOS, department: Sales}}]
  seats:
    title: All seats
    sum_of: [SPB, EXCHANGESTANDARD, custom:phones]
"""
MANAGED = "  - {custom: managed-users, profile: Premium, agreement: {type: Services}}\n"
SPLIT = """\
    links:
      - sku: SPB
        profile: Premium
        agreement: {type: Microsoft 365}
        split:
          parts:
            - name: north
              where: [{department: [Sales North, Service North]}, {city: Kiel}]
              company: 251
              line: adopt 4711
            - name: south
              where: [{department: Sales South}]
              agreement: {id: 9}
              profile: Exchange
          remainder: head-office
"""
ENABLED = Condition(Attribute.ENABLED, ("true",))
LICENSED = Condition(Attribute.LICENSED, ("true",))


def customer(text: str) -> CustomerConfiguration:
    (only,) = configuration(text).customers
    return only


def licences(text: str) -> dict[str, CustomLicence]:
    return {licence.name: licence for licence in configuration(HEAD + text).custom_licences}


def test_a_custom_licence_begins_with_a_template_and_changes_what_it_names() -> None:
    managed = licences(LICENCES)["managed-users"]
    assert (managed.title, managed.counts, managed.include) == ("Managed people", Counts.USERS, ((ENABLED, LICENSED),))
    assert managed.exclude == (
        (Condition(Attribute.GROUP, (GROUP,)),),
        (Condition(Attribute.JOB_TITLE, ("Trainee", "Intern")), Condition(Attribute.SIGNED_IN_WITHIN_DAYS, ("30",))),
    )


@pytest.mark.parametrize(
    ("template", "counts"),
    [("managed-users", Counts.USERS), ("email-backup", Counts.MAILBOXES), ("endpoint-security", Counts.INTUNE_DEVICES)],
)
def test_every_template_is_ready_to_use(template: str, counts: Counts) -> None:
    assert licences(f"custom_licences: {{mine: {{template: {template}}}}}\n")["mine"].counts is counts


def test_a_rule_and_a_link_bill_a_custom_licence_by_its_name() -> None:
    (link,) = customer(HEAD + LICENCES + "rules:\n" + MANAGED + CUSTOMERS).links
    assert (link.key, link.item_id, link.profile.name) == ("custom:managed-users~cw~250", "custom:managed-users", "Premium")


def test_a_customer_may_count_otherwise_or_not_at_all() -> None:
    own = "    custom_licences:\n      managed-users: {exclude: [{enabled: false}]}\n"
    whole = configuration(HEAD + LICENCES + "rules:\n" + MANAGED + CUSTOMERS + own)
    (counted,) = whole.custom_licences_of(whole.customers[0])
    assert (counted.include, counted.exclude) == (((ENABLED, LICENSED),), ((Condition(Attribute.ENABLED, ("false",)),),))
    assert customer(HEAD + LICENCES + "rules:\n" + MANAGED + CUSTOMERS + "    exclusions: [custom:managed-users]\n").links == ()


def test_a_sum_brings_along_what_it_adds_up() -> None:
    whole = configuration(HEAD + LICENCES + "rules:\n" + MANAGED.replace("managed-users", "seats") + CUSTOMERS)
    assert [licence.name for licence in whole.custom_licences_of(whole.customers[0])] == ["phones", "seats"]
    assert whole.custom_licences[2].sum_of == (PREMIUM, EXCHANGE, "custom:phones")


def test_a_split_makes_a_link_for_each_part_and_the_remainder_keeps_the_key_of_the_whole() -> None:
    item = customer(FILE + SPLIT)
    north, south, rest = (link for link in item.links if link.item_id.startswith(PREMIUM))
    assert [link.key for link in (north, south, rest)] == [f"{PREMIUM}~cw~251~north", f"{PREMIUM}~cw~250~south", f"{PREMIUM}~cw~250"]
    assert [link.item_id for link in (north, south, rest)] == [f"{PREMIUM}@north", f"{PREMIUM}@south", f"{PREMIUM}@head-office"]
    assert (north.company_id, north.adopt_line_id, south.agreement.value, south.profile.name) == ("251", "4711", "9", "Exchange")
    (split,) = item.splits
    cities = Condition(Attribute.CITY, ("Kiel",))
    assert split.parts[0] == Part("north", ((Condition(Attribute.DEPARTMENT, ("Sales North", "Service North")),), (cities,)))


def test_the_other_rules_stay_beside_a_split() -> None:
    assert [link.item_id for link in customer(FILE + SPLIT).links][3:] == [EXCHANGE]


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("custom_licences:\n  a: {template: manged-users}\n", 2, "unknown template ('manged-users'). Did you mean managed-users?"),
        ("custom_licences:\n  a: {count: people}\n", 2, "not one of users, guests"),
        ("custom_licences:\n  a: {count: users, template: email-backup}\n", 2, "template and count together"),
        ("custom_licences:\n  a:\n    count: devices\n    include:\n      - department: Sales\n", 5, "department says nothing about devices"),
        ("custom_licences:\n  a:\n    count: users\n    include:\n      - group: Sales\n", 5, "not a group's id ('Sales')"),
        ("custom_licences:\n  a:\n    count: users\n    include:\n      - signed_in_within_days: 0\n", 5, "not a number of days"),
        ("custom_licences:\n  a:\n    count: users\n    include:\n      - sku: SPBB\n", 5, "unknown SKU ('SPBB')"),
        ("custom_licences:\n  a: {count: users, include: [{}]}\n", 2, "no condition"),
        ("custom_licences:\n  a: {count: users, include: [{city: []}]}\n", 2, "no value"),
        ("custom_licences:\n  a: {sum_of: []}\n", 2, "nothing to add up"),
        ("custom_licences:\n  a: {sum_of: [SPB]}\n  b: {sum_of: [custom:a]}\n", 3, "unknown custom licence ('a')"),
        ("custom_licences:\n  a: {sum_of: [SPB], exclude: [{enabled: true}]}\n", 2, "a sum has no conditions"),
        ("rules:\n" + MANAGED, 2, "unknown custom licence ('managed-users')"),
    ],
)
def test_what_means_nothing_is_refused_where_it_stands(text: str, line: int, expected: str) -> None:
    found = problems(HEAD + text)
    assert any(problem.startswith(f"test.yaml:{HEAD.count(chr(10)) + line}:") and expected in problem for problem in found), found


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("name: south", "name: north", "two parts called north"),
        ("remainder: head-office", "remainder: north", "two parts called north"),
        ("where: [{department: Sales South}]", "where: []", "no condition"),
        ("where: [{department: Sales South}]", "where: [{compliant: true}]", "compliant says nothing about users and guests"),
        ("          remainder: head-office\n", "", "remainder is missing"),
        ("    links:\n", "    links:\n      - {sku: SPB, profile: Premium, agreement: {id: 5}}\n", "which is divided"),
        ("    links:\n", "    exclusions: [SPB]\n    links:\n", "excluded part north of SKU"),
    ],
)
def test_a_split_that_would_not_add_up_is_refused(old: str, new: str, expected: str) -> None:
    assert any(expected in problem for problem in problems(FILE + SPLIT.replace(old, new)))


def test_a_sum_cannot_be_divided() -> None:
    found = problems(HEAD + LICENCES + CUSTOMERS + SPLIT.replace("sku: SPB", "custom: seats"))
    assert any("a sum cannot be divided" in problem for problem in found)


def test_an_export_with_custom_licences_and_splits_reads_as_what_was_exported() -> None:
    own = "    custom_licences:\n      managed-users: {exclude: []}\n"
    original = configuration(HEAD + LICENCES + "rules:\n" + MANAGED + CUSTOMERS + own + SPLIT)
    assert read_text(to_text(file_document(original)), known_skus(), "export.yaml").configuration == original


def test_a_version_says_what_counts_otherwise_and_what_is_divided() -> None:
    before = configuration(HEAD + LICENCES + "rules:\n" + MANAGED + CUSTOMERS)
    after = configuration(HEAD + LICENCES.replace("30", "60") + "rules:\n" + MANAGED + CUSTOMERS + SPLIT)
    said = differences(before, after)
    assert "Custom licence managed-users counts otherwise." in said
    assert f"Customer Fabrikam: split of the SKU {PREMIUM} is new." in said


def test_the_overview_shows_rules_in_words_and_parts_by_name() -> None:
    shown = [row.sku for row in overview(configuration(HEAD + LICENCES + "rules:\n" + MANAGED + CUSTOMERS + SPLIT))]
    assert shown[:3] == [f"{PREMIUM} (north)", f"{PREMIUM} (south)", f"{PREMIUM} (head-office)"]
    assert shown[3].startswith("Managed people: users with enabled and licensed, but not with group")


def link_of(item: CustomerConfiguration, part: str) -> ConfiguredLink:
    return next(link for link in item.links if link.item_id.endswith(f"@{part}"))


def test_splits_stay_splits_when_stored() -> None:
    item = customer(FILE + SPLIT)
    assert loads(CustomerConfiguration, dumps(item)) == item
    assert isinstance(item.splits[0], Split) and link_of(item, "north").company_id == "251"
