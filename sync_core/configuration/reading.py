"""A configuration file's tree into a ``Configuration``, or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from sync_core.configuration.custom_licences import own_custom_licences, read_custom_licences
from sync_core.configuration.expansion import Rule, customer_links, read_rules, warn_of_shared_products
from sync_core.configuration.known_skus import FREE_SKUS, KnownSkus
from sync_core.configuration.layout import FILE, TEMPLATES
from sync_core.configuration.nodes import Node, Place, Problem, Problems, did_you_mean, shown
from sync_core.configuration.notices import read_notices, read_silence
from sync_core.configuration.profiles import read_profiles
from sync_core.configuration.references import References
from sync_core.configuration.shapes import Read, Section
from sync_core.errors import InvalidConfiguration
from sync_core.model.configuration import Approvals, Configuration, Connection, CustomerConfiguration, GuardRails, Partner
from sync_core.model.customers import Customer
from sync_core.model.plans import ChangeKind

Usual = tuple[GuardRails, Approvals]
"""What holds for every customer that says nothing else."""


@dataclass(frozen=True)
class Reading:
    """A configuration that was read, and what may not be meant in it."""

    configuration: Configuration
    warnings: tuple[Problem, ...] = ()


Kinds = Mapping[str, Callable[[Connection], object]]
"""The kinds of PSA there are, each with what checks a connection of that kind and raises ``InvalidConfiguration``."""


def read_configuration(
    root: Node, known: KnownSkus, file: str, kinds: Kinds | None = None, problems: Problems | None = None, templates: Node | None = None
) -> Reading:
    """Reads a whole file. Without ``kinds`` any kind of PSA will do; ``problems`` are those that were found before.

    ``templates`` are custom licences, written as in the file, that those of the file may begin with.

    Raises:
        InvalidFile: with every problem, each with its line and the fix.
    """
    problems = problems or Problems()
    read = FILE.read(root, Place(root.line), problems)
    if read is None:
        problems.raise_errors(file)
        raise AssertionError("a shape that reads nothing says why")
    configuration = _configuration(read.value, known, kinds, problems, _templates(templates, problems))
    problems.raise_errors(file)
    return Reading(configuration, tuple(problems.warnings))


def _templates(node: Node | None, problems: Problems) -> Section:
    read = TEMPLATES.read(node, Place(node.line, "templates"), problems) if node else None
    return read.value if read else Section(Place(1))


def _configuration(file: Section, known: KnownSkus, kinds: Kinds | None, problems: Problems, templates: Section) -> Configuration:
    connections = {name: _connection(name, read.value) for name, read in file.section("connections").members.items()}
    _check_connections(file, connections, kinds, problems)
    written = {name: read.value for name, read in file.section("profiles").members.items()}
    references = References(known, read_profiles(file, problems), connections, problems, written_profiles=written)
    references = replace(references, sku_sets={name: references.skus(read.value) for name, read in file.section("sku_sets").members.items()})
    custom_licences = read_custom_licences(file.section("custom_licences"), templates, references)
    references = replace(references, custom_licences=custom_licences)
    rules = read_rules((item.value for item in file.items("rules")), references)
    excluded = _excluded(file.section("exclusions"), rules, references)
    usual = _guard_rails(file.section("guard_rails"), GuardRails()), _approvals(file.section("approvals"), Approvals())
    customers = _customers(file.items("customers"), rules, usual, excluded, references)
    warn_of_shared_products(((read.place, item.links) for read, item in customers), problems)
    return Configuration(
        partner=_partner(file.section("partner")),
        connections=tuple(connections.values()),
        customers=tuple(item for _, item in customers),
        guard_rails=usual[0],
        notices=read_notices(file.section("notices"), references),
        approvals=usual[1],
        excluded_skus=excluded,
        sku_names=_sku_names(file.section("sku_names"), references),
        custom_licences=tuple(custom_licences.values()),
    )


def _partner(section: Section) -> Partner:
    given = section.given("credential", "credential_secret", "refresh_token_secret", "managed_identity_client_id", "terms")
    tenant_id = section.get("tenant_id", "")
    sold_by = frozenset(item.value for item in section.items("sold_by")) or frozenset({tenant_id})
    return Partner(tenant_id, section.get("application_id", ""), sold_by=sold_by, **given)


def _connection(name: str, section: Section) -> Connection:
    def texts(member: str) -> dict[str, str]:
        return {key: read.value for key, read in section.section(member).members.items()}

    given = section.given("time_zone", "language")
    return Connection(name, section.get("kind", ""), section.get("url", ""), settings=texts("settings"), secrets=texts("secrets"), **given)


def _check_connections(file: Section, connections: Mapping[str, Connection], kinds: Kinds | None, problems: Problems) -> None:
    if "connections" in file.members and not connections:
        problems.error(file.place_of("connections"), "no usable connection", "Describe at least one PSA")
    for name, connection in connections.items():
        if kinds is None or not (connection.kind and connection.url):
            continue
        section = file.section("connections").section(name)
        if connection.kind not in kinds:
            problems.error(section.place_of("kind"), f"unknown kind of PSA ({shown(connection.kind)})", did_you_mean(connection.kind, kinds))
            continue
        try:
            kinds[connection.kind](connection)
        except InvalidConfiguration as error:
            problems.error(section.place, error.what, error.fix)


def _excluded(section: Section, rules: Iterable[Rule], references: References) -> frozenset[str]:
    keep = references.skus(section.items("keep"))
    for item in section.items("keep"):
        if not references.known.find(item.value) & FREE_SKUS.keys() and item.value.lower() not in FREE_SKUS:
            references.problems.error(item.place, f"not in the built-in list of free SKUs ({shown(item.value)})", "Take it out")
    defaults = FREE_SKUS.keys() - set(keep) if section.get("defaults", True) else frozenset()
    own = frozenset(references.skus(section.items("skus")))
    for rule in rules:
        for sku_id in sorted((own | defaults) & set(rule.item_ids)):
            fix = "Take it out of the rule or out of exclusions.skus" if sku_id in own else "If it is to be billed, list it under exclusions.keep"
            references.problems.error(rule.place, f"a rule for the excluded SKU {sku_id}", fix)
    return frozenset(own | defaults)


def _guard_rails(section: Section, base: GuardRails) -> GuardRails:
    return replace(base, **{name: read.value for name, read in section.members.items()})


def _approvals(section: Section, base: Approvals) -> Approvals:
    kinds = {ChangeKind(name): read.value for name, read in section.section("kinds").members.items()}
    return replace(base, kinds={**base.kinds, **kinds}, **section.given("four_eyes", "within_units", "within_share"))


def _sku_names(section: Section, references: References) -> dict[str, str]:
    found = {references.sku(Read(written, read.place)): read.value for written, read in section.members.items()}
    return {sku_id: name for sku_id, name in found.items() if sku_id is not None}


def _customers(
    written: Iterable[Read], rules: tuple[Rule, ...], usual: Usual, excluded: frozenset[str], references: References
) -> list[tuple[Read, CustomerConfiguration]]:
    lines: dict[str, int] = {}
    customers = []
    for read in written:
        item = _customer(read.value, rules, usual, excluded, references)
        tenant_id = item.customer.tenant_id
        if tenant_id and tenant_id in lines:
            what = f"the tenant {tenant_id} a second time; the first is in line {lines[tenant_id]}"
            references.problems.error(read.place, what, "Write one entry; its links may name several companies")
        lines.setdefault(tenant_id, read.place.line)
        customers.append((read, item))
    return customers


def _customer(section: Section, rules: tuple[Rule, ...], usual: Usual, excluded: frozenset[str], references: References) -> CustomerConfiguration:
    own_excluded = frozenset(references.items(section.items("exclusions")))
    links = customer_links(section, _companies(section, references), own_excluded, excluded, rules, references)
    customer = Customer(section.get("tenant_id", ""), section.get("name", ""), **section.given("sign_in", "mode"))
    rails, approvals = _guard_rails(section.section("guard_rails"), usual[0]), _approvals(section.section("approvals"), usual[1])
    own = own_custom_licences(section.section("custom_licences"), references)
    silence = read_silence(section.section("notices"), references)
    return CustomerConfiguration(customer, links.links, own_excluded, rails, own, links.splits, approvals, section.get("names", True), silence)


def _companies(section: Section, references: References) -> dict[str, str]:
    """The customer's company for each connection."""
    if "company" in section.members:
        if len(references.connections) != 1:
            fix = f"Write 'companies' with one of {', '.join(references.connections)}"
            references.problems.error(section.place_of("company"), "which connection the company is on is not said", fix)
        return {name: section.get("company") for name in references.connections}
    companies = section.section("companies").members
    for name, read in companies.items():
        if name not in references.connections:
            references.problems.error(read.place, f"unknown connection ({shown(name)})", did_you_mean(name, references.connections))
    return {name: read.value for name, read in companies.items()}
