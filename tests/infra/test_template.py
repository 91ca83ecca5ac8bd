"""The Azure template: every check of ``checks.py`` passes, and each of them would notice a typo."""

import json
import re
from collections.abc import Callable, Iterator
from random import Random

import pytest
import yaml

from sandbox.environment import ROOT
from tests.infra.checks import CHECKS, is_refused
from tests.infra.models import OFFICIAL, Official, describes
from tests.infra.mutation import typos
from tests.infra.syntax import read, read_parameters
from tests.infra.template import AZURE_YAML, SMALLEST, Template, evaluated, files

SEED = 5
SAMPLE = 300


@pytest.fixture(scope="module")
def subject() -> Template:
    """The template, evaluated once for all tests that only look at it."""
    return evaluated(files())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_template_passes(check: Callable[[Template], Iterator[str]], subject: Template) -> None:
    assert list(check(subject)) == []


@pytest.mark.parametrize("entry", OFFICIAL.values(), ids=OFFICIAL.keys())
def test_a_resource_is_checked_against_the_version_that_it_names(entry: Official) -> None:
    assert describes(entry)


def test_a_typo_anywhere_is_noticed(subject: Template) -> None:
    """Names, values, role ids, settings and flags, three hundred of them by a fixed seed. One that nobody notices fails this test."""
    random = Random(SEED)
    made = random.sample(list(typos(subject.files, random)), SAMPLE)
    assert [typo for typo in made if not is_refused(typo.made_in(subject.files))] == []


@pytest.mark.parametrize("left_out", ["SYNC_SCHEDULE: schedule", "{ category: 'StorageDelete', enabled: true }", "allowSharedKeyAccess: false"])
def test_a_line_that_is_missing_is_noticed(left_out: str, subject: Template) -> None:
    changed = {path: text.replace(left_out, "") for path, text in subject.files.items()}
    assert is_refused(changed)


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("param location string = ", "param location string == "),
        ("kind: 'StorageV2'", "kind: 'StorageV9'"),
        ("httpsOnly: true", "httpsOnly: 'true'"),
        ("httpsOnly: true", "httpsOnly: true\n    state: 'Running'"),
        ("'Microsoft.Web/sites@2025-05-01'", "'Microsoft.Web/sites@2019-08-01'"),
        ("AZURE_CLIENT_ID: ", "FUNCTIONS_WORKER_RUNTIME: 'python'\n    AZURE_CLIENT_ID: "),
        ("param monthlyBudget int = 0", "param monthlyBudget int = -1"),
    ],
)
def test_what_azure_would_refuse_is_noticed(there: str, instead: str, subject: Template) -> None:
    """Syntax, a value of an enumeration, a type, what only Azure may set, another API version, what Flex Consumption forbids, a limit."""
    assert any(there in text for text in subject.files.values())
    assert is_refused({path: text.replace(there, instead) for path, text in subject.files.items()})


def test_the_same_parameters_deploy_the_same_resources_again(subject: Template) -> None:
    again = evaluated(files())
    assert [resource.id for resource in again.largest.resources] == [resource.id for resource in subject.largest.resources]
    ids = [(resource.scope, resource.id) for resource in subject.largest.resources if not resource.existing]
    assert len(ids) == len(set(map(str, ids)))


def test_nothing_is_taken_from_a_registry() -> None:
    """Plain resources and own modules only, so that a deployment needs nothing but these files."""
    targets = [item.target for path, text in files().items() if path.endswith(".bicep") for item in read(text) if item.kind == "module"]
    assert [target for target in targets if target not in files()] == []


def test_the_parameters_file_gives_what_has_no_default() -> None:
    given = {item.name for item in read_parameters(files()["main.bicepparam"])}
    assert {item.name for item in read(files()["main.bicep"]) if item.kind == "param" and item.value is None} <= given
    assert set(SMALLEST) <= given


def test_the_documentation_names_every_parameter() -> None:
    page = (ROOT / "infra" / "README.md").read_text(encoding="utf-8")
    parameters = [item.name for item in read(files()["main.bicep"]) if item.kind == "param"]
    assert [name for name in parameters if f"`{name}`" not in page] == []


def test_the_documentation_names_every_variable_of_the_parameters_file() -> None:
    page = (ROOT / "infra" / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"readEnvironmentVariable\('(\w+)'", files()["main.bicepparam"])
    assert [name for name in named if f"`{name}`" not in page and not name.startswith("AZURE_")] == []


def test_azd_finds_the_template_and_the_app() -> None:
    project = yaml.safe_load(AZURE_YAML.read_text(encoding="utf-8"))
    assert (ROOT / project["infra"]["path"] / f"{project['infra']['module']}.bicep").exists()
    assert project["services"] == {"app": {"project": ".", "language": "python", "host": "function"}}


def test_people_have_three_roles_with_ids_of_their_own() -> None:
    """The shape is that of ``appRoles`` of an application in Microsoft Graph."""
    roles = json.loads((ROOT / "infra" / "app-roles.json").read_text(encoding="utf-8"))
    assert [role["value"] for role in roles] == ["Reader", "Approver", "Administrator"]
    assert len({role["id"] for role in roles}) == len(roles)
    assert {key for role in roles for key in role} == {"id", "value", "displayName", "description", "allowedMemberTypes", "isEnabled"}
