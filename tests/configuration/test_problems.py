"""Wrong files: every problem at once, each with its line, its path, its value and the fix."""

import pytest

from tests.configuration.files import FABRIKAM, FILE, HEAD, problems

WRONG = """\
partner:
  tenant_id: contoso.onmicrosoft.com
  application_id: 22222222-2222-4222-8222-222222222222
  credential: certficate
  credential_secret: kx8Q~notarealsecretbutlooks
connections:
  cw:
    kind: connectwise
    url: http://psa.example.com
    time_zone: Amerika/New_York
    settings: {private_key: abc}
profiles:
  Premium:
    product: M365-BP
    minimum: 012
    bases: greater
rules:
  - sku: SPBB
    profile: Premum
    agreement: {typ: Microsoft 365}
customers:
  - name: Fabrikam
    mode: auto
    company: 250
  - tenant_id: 44444444-4444-4444-8444-444444444444
    name:
    companies: {cv: 250}
"""

GOLDEN = """\
test.yaml:2: partner.tenant_id: not a tenant id ('contoso.onmicrosoft.com'). \
Write the GUID that the Entra admin centre shows on the tenant's overview page, not a domain.
test.yaml:4: partner.credential: not one of secret, certificate, managed identity ('certficate'). Did you mean certificate?
test.yaml:5: partner.credential_secret: not the name of a secret. \
Put the secret itself into the Key Vault, and its name (letters, digits, dashes) here; renew a secret that stood in a file.
test.yaml:9: connections.cw.url: not a base URL. \
It is plain http to another machine. Write https:// and the host; plain http is for this machine only.
test.yaml:10: connections.cw.time_zone: not a time zone ('Amerika/New_York'). Did you mean America/New_York?
test.yaml:11: connections.cw.settings.private_key: not a setting ('private_key'). Put the name of the secret under 'secrets'.
test.yaml:15: profiles.Premium.minimum: not a whole number from 0 on ('012'). \
Write digits only: no sign, leading zero, point, underscore or quotes.
test.yaml:16: profiles.Premium.bases: unknown key. Did you mean basis?
test.yaml:18: rules[0].sku: unknown SKU ('SPBB'). Did you mean SPB?
test.yaml:19: rules[0].profile: unknown profile ('Premum'). Did you mean Premium?
test.yaml:20: rules[0].agreement: one of type, name, id is missing.
test.yaml:20: rules[0].agreement.typ: unknown key. Did you mean type?
test.yaml:22: customers[0]: tenant_id is missing. The customer's Microsoft tenant.
test.yaml:23: customers[0].mode: not one of observe, approve, automatic ('auto'). Choose one of: approve, automatic, observe.
test.yaml:26: customers[1].name: nothing is here. Give a name, or take the line out.
test.yaml:27: customers[1].companies.cv: unknown connection ('cv'). Known here: cw.
"""


def test_all_problems_are_told_at_once_with_line_path_value_and_fix() -> None:
    assert problems(WRONG) == GOLDEN.splitlines()


def test_a_value_that_looks_like_a_secret_is_refused_and_not_repeated() -> None:
    for value in ("kx8Q~notarealsecretbutlooks", "aB3dE6gH9jK2mN5p", "1234", FABRIKAM):
        text = FILE.replace("connections:", f"  credential_secret: {value}\nconnections:")
        (problem,) = problems(text)
        assert "not the name of a secret" in problem
        assert value not in problem


def one_problem(text: str) -> str:
    (problem,) = problems(text)
    return problem


LINKED = FILE + "    links:\n"
LINK = "{sku: SPB, profile: Premium, agreement: {id: 7}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FILE + f"  - {{tenant_id: {FABRIKAM}, name: Again}}\n", "test.yaml:26: customers[1]: the tenant"),
        (FILE.replace("- sku: EXCHANGESTANDARD", "- sku: SPB"), "two rules for the SKU"),
        (LINKED + f"      - {LINK}\n      - {LINK}\n", "a second link of the SKU"),
        (LINKED + f"      - {LINK}\n      - {LINK.replace('7', '8')}\n", "give this one a 'name'"),
        (FILE.replace("- sku: SPB", "- sku: FLOW_FREE"), "list it under exclusions.keep"),
        (LINKED + "      - {sku: SPB, profile: Premium, agreement: {id: 7}, line: take 5}\n", "Write 'new', or 'adopt' and the id"),
        (LINKED + "      - {skus: [SPB, SPE_E3], profile: Premium, agreement: {id: 7}, line: adopt 5}\n", "one line for several SKUs"),
        (FILE.replace("company: 250", "links: [{sku: SPB, profile: Premium, agreement: {id: 7}}]"), "the customer has no company on cw"),
        (FILE.replace("- sku: SPB", "- sku: SPB\n    skus: [SPE_E3]"), "sku and skus together. Keep one"),
        (FILE.replace("company: 250", "company: 250/../1"), "Use up to 50 letters"),
        (FILE + "notices: {recipients: [billing@contoso.example]}\n", "sender is missing"),
        (FILE + "notices: {via: smtp}\n", "smtp is missing"),
        (FILE + "guard_rails: {line_share: 25}\n", "Write 0.25 for a quarter"),
        (FILE + "guard_rails: {line_units: '5'}\n", "Write it without quotes"),
        (FILE + "exclusions: {defaults: no}\n", "Write true or false"),
        (FILE + "exclusions: {keep: [SPB]}\n", "not in the built-in list"),
        (FILE + "rules: []\n", "test.yaml:26: the key rules a second time; the first is in line 15"),
        (FILE + "sku_sets: {a: &x [SPB], b: *x}\n", "an alias (*name)"),
        (FILE.replace("name: Fabrikam", "name: !env NAME"), "a tag (!env)"),
        (FILE + "sku_sets: SPB\n", "a single value where a mapping belongs"),
        (FILE.replace("company: 250", "company: [250]"), "a list where a company id belongs"),
        (FILE + "exclusions:\n\tskus: []\n", "Indent with spaces, not tabs"),
        (FILE + "---\na: 1\n", "Keep one document"),
    ],
)
def test_each_mistake_has_one_clear_message(text: str, expected: str) -> None:
    assert expected in one_problem(text)


def test_with_several_connections_each_rule_names_its_own() -> None:
    text = FILE.replace("profiles:", "  other: {kind: connectwise, url: 'https://eu.myconnectwise.net'}\nprofiles:", 1)
    found = problems(text)
    assert sum("connection is missing. There are several: cw, other" in problem for problem in found) == 2
    assert any("Write 'companies' with one of cw, other" in problem for problem in found)


def test_an_empty_file_names_what_a_configuration_needs() -> None:
    assert [problem.split(": ", 1)[1] for problem in problems("")] == [
        "partner is missing. The partner's tenant and app registration.",
        "connections is missing. The PSAs, each under a short name.",
    ]


def test_plain_http_is_for_this_machine_only() -> None:
    for url in ("http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"):
        assert problems(HEAD.replace("https://na.myconnectwise.net", url)) == []
    for url in ("http://localhost.example.com", "http://127.0.0.1.example.com", "https://user:pass@psa.example", "ftp://psa.example"):
        assert "not a base URL" in one_problem(HEAD.replace("https://na.myconnectwise.net", url))
