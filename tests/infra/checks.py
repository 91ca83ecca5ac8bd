"""What is held against the template. Each check yields sentences about what is wrong; the seeded typos have to be caught by one of them."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from adapters import telemetry
from adapters.azure import blobs, queues, tables
from adapters.wiring import EVIDENCE
from sync_core.errors import InvalidConfiguration
from sync_core.settings import Settings, settings
from tests.infra import models, template
from tests.infra.evaluation import Deployment, Resource
from tests.infra.facts import (
    ACCOUNT,
    APP_ROLES,
    FIXED,
    NOT_ON_FLEX,
    OPERATOR_ROLES,
    PREFIXES,
    READ_BY_HOST,
    READ_BY_WIRING,
    ROLES,
    SECRET_ROLES,
    SITE,
    VAULT,
)
from tests.infra.functions import AtDeployment
from tests.infra.syntax import BicepError, Declaration, descriptions_of, read, read_parameters
from tests.infra.template import Template
from tests.infra.watching import (
    RULE,
    WORKBOOK,
    every_alert_asks_its_own_query,
    every_alert_reaches_people_who_know_what_to_do,
    the_workbook_asks_the_queries_of_the_files,
)


def every_resource_is_one_that_azure_knows(subject: Template) -> Iterator[str]:
    """Against the official models: names, values, types, what is missing, and the API version that the models describe."""
    for resource in _resources(subject):
        kind = f"{resource.type}/{resource.name}" if resource.type == f"{SITE}/config" else resource.type
        if resource.api_version != models.official(kind).api_version:
            yield f"{resource.type}@{resource.api_version} is not the version that is checked"
        if not resource.existing:
            yield from models.faults(kind, resource.body)


def every_resource_that_takes_tags_has_them(subject: Template) -> Iterator[str]:
    """The tags say which installation a resource belongs to, and azd finds the app by one."""
    wanted = {"azd-env-name": "contoso", "application": "m365-psa-sync", "installation": "mspa1", "owner": "licensing"}
    for resource in subject.largest.resources:
        if resource.type.count("/") == 1 and "location" in resource.body and not wanted.items() <= resource.body["tags"].items():
            yield f"{resource.type} {resource.name} lacks a tag"
    if (
        subject.smallest.one(SITE).body["tags"].get("azd-service-name")
        not in yaml.safe_load(template.AZURE_YAML.read_text(encoding="utf-8"))["services"]
    ):
        yield "azd cannot find the app"


def every_app_setting_is_read(subject: Template) -> Iterator[str]:
    """By the code or by the host, and none is one that Flex Consumption refuses."""
    known = {setting.name for setting in settings()} | READ_BY_HOST | READ_BY_WIRING
    for name in {name for deployment in subject.deployments for name in template.app_settings(deployment)}:
        if name not in known:
            yield f"nothing reads {name}"
        if NOT_ON_FLEX.fullmatch(name):
            yield f"{name} must not be set"


def every_setting_of_the_app_can_be_given(subject: Template) -> Iterator[str]:
    """With the sentence of the code, where it stands in the type of the further settings; and the values are ones that the app accepts."""
    further = _declared(subject, "main.bicep", "furtherSettingsType").value
    assert further is not None
    described = descriptions_of(further)
    made = {name for name in template.app_settings(subject.smallest) if name.startswith("SYNC_")}
    for setting in settings():
        if (setting.name in made) == (setting.name in described):
            yield f"{setting.name} can be given nowhere, or in two places"
        if setting.name in described and not setting.sentence.startswith(described[setting.name].removesuffix(".")):
            yield f"{setting.name} is described otherwise than in the app"
    read_by_the_app = {setting.name for setting in settings()} | {telemetry.ENDPOINT, telemetry.HEADERS}
    yield from (f"nothing reads {name}" for name in described if name not in read_by_the_app)
    yield from _refused_choices(subject.files["main.bicep"])
    yield from _refused_by_the_app(subject.smallest)


def _refused_choices(text: str) -> Iterator[str]:
    """Choices that the template offers for a further setting and the app does not know."""
    parse = {setting.name: setting.parse for setting in settings()}
    for name, choices in re.findall(r"^ +(SYNC_\w+): \(([^)]*)\)\?$", text, re.MULTILINE):
        for choice in re.findall(r"'([^']*)'", choices):
            try:
                parse[name](choice)
            except (KeyError, ValueError):
                yield f"the app does not take {choice} for {name}"


def _refused_by_the_app(deployment: Deployment) -> Iterator[str]:
    given = {name: value for name, value in template.app_settings(deployment).items() if not isinstance(value, AtDeployment)}
    try:
        read_back = Settings.from_environment(given)
    except InvalidConfiguration as error:
        yield str(error)
        return
    usual = Settings.from_environment({"SYNC_INSTALLATION": "mspa1", "SYNC_MODE_CEILING": "observe"})
    if read_back != usual:
        yield f"the defaults of the template are not those of the app: {read_back}"


def every_setting_that_a_binding_names_exists(subject: Template) -> Iterator[str]:
    """A connection by its prefix, and what stands between percent signs."""
    made = template.app_settings(subject.smallest)
    for binding in template.bindings():
        connection = binding.get("connection", "AzureWebJobsStorage")
        for name in [f"{connection}__{service}ServiceUri" for service in ("blob", "queue", "table")]:
            if not re.search(rf"\.{name.partition('__')[2].removesuffix('ServiceUri')}$", made.get(name, "")):
                yield f"{name} does not lead to that service"
        for name in re.findall(r"%(\w+)%", str(binding)):
            if name not in made:
                yield f"{binding['name']} needs {name}"


def the_identity_signs_in_everywhere(subject: Template) -> Iterator[str]:
    """The one identity of the app: to the host's storage, to the vault and to Application Insights."""
    made, client = template.app_settings(subject.smallest), "Microsoft.ManagedIdentity/userAssignedIdentities.properties.clientId"
    expected = {
        "AzureWebJobsStorage__credential": "managedidentity",
        "AzureWebJobsStorage__clientId": client,
        "AZURE_CLIENT_ID": client,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": "Microsoft.Insights/components.properties.ConnectionString",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": f"ClientId={client};Authorization=AAD",
        "SYNC_KEY_VAULT_URL": f"{VAULT}.properties.vaultUri",
    }
    yield from (f"{name} is {made.get(name)!r}" for name, value in expected.items() if made.get(name) != value)
    identity = subject.smallest.one("Microsoft.ManagedIdentity/userAssignedIdentities").id
    app = subject.smallest.one(SITE).body
    if list(app["identity"]["userAssignedIdentities"]) != [identity]:
        yield "the app runs as somebody else"
    if app["properties"]["functionAppConfig"]["deployment"]["storage"]["authentication"]["userAssignedIdentityResourceId"] != identity:
        yield "packages are read as somebody else"


def every_place_that_the_code_writes_to_exists(subject: Template) -> Iterator[str]:
    """Queues with their poison queues, tables, and containers: exactly those that are used."""
    triggers = {binding["queueName"] for binding in template.bindings() if binding["type"] == "queueTrigger"}
    package = subject.smallest.one(SITE).body["properties"]["functionAppConfig"]["deployment"]["storage"]["value"]
    expected = {
        "queueServices/queues": triggers | {f"{name.removesuffix('-poison')}-poison" for name in triggers},
        "tableServices/tables": template.tables(),
        "blobServices/containers": {EVIDENCE, package.removeprefix(f"{ACCOUNT}.properties.primaryEndpoints.blob")},
    }
    for kind, names in expected.items():
        made = {resource.name for resource in subject.smallest.of_type(f"{ACCOUNT}/{kind}")}
        if made != names:
            yield f"{kind}: {sorted(made ^ names)} are not on both sides"


def every_role_is_the_one_it_is_called(subject: Template) -> Iterator[str]:
    """Ids against Microsoft's table, and to each identity exactly what it needs, where it needs it."""
    text = "\n".join(subject.files.values())
    for name, role in re.findall(r"'([^']*)': '([0-9a-f-]{36})'", text):
        if ROLES.get(name) != role:
            yield f"the role {name} has another id than {role}"
    app = "Microsoft.ManagedIdentity/userAssignedIdentities.properties.principalId"
    yield from _wrong_roles("the app", _roles_of(subject.smallest, app), APP_ROLES)
    yield from _wrong_roles("the app", _roles_of(subject.largest, app), APP_ROLES | SECRET_ROLES)
    yield from _wrong_roles("operators", _roles_of(subject.largest, template.LARGEST["operators"][0]), OPERATOR_ROLES)
    asked_for = {queues.ROLE, tables.ROLE, blobs.ROLE.replace("Contributor", "Owner")}
    yield from (f"the app asks for {role}" for role in asked_for - {role for role, _ in APP_ROLES})


def _roles_of(deployment: Deployment, principal: str) -> set[tuple[str, str]]:
    names = {role: name for name, role in ROLES.items()}
    given = deployment.of_type("Microsoft.Authorization/roleAssignments")
    wanted = [item for item in given if item.body["properties"]["principalId"] == principal]
    found = set()
    for item in wanted:
        kind, _, role = item.body["properties"]["roleDefinitionId"].rpartition("/")
        if not kind.endswith("/Microsoft.Authorization/roleDefinitions") or item.scope is None:
            raise BicepError("a role assignment names no role, or no scope")
        found.add((names.get(role, role), item.scope.type))
    return found


def _wrong_roles(who: str, found: set[tuple[str, str]], expected: set[tuple[str, str]]) -> Iterator[str]:
    if found != expected:
        yield f"{who}: {sorted(found ^ expected)} are not on both sides"


def every_value_that_keeps_people_out_is_set(subject: Template) -> Iterator[str]:
    """No keys, no passwords, no public blobs, https only, and no network from outside where a private one is asked for."""
    for deployment in subject.deployments:
        for (kind, name), values in FIXED.items():
            body = deployment.one(kind, name).body
            for path, value in values.items():
                if _at(body, path) != value:
                    yield f"{kind} {path} is to be {value!r}"
        for retained in deployment.of_type(f"{ACCOUNT}/blobServices/containers"):
            if retained.body["properties"]["publicAccess"] != "None":
                yield f"anybody may read {retained.name}"
    for kind in (ACCOUNT, VAULT):
        access = [deployment.one(kind).body["properties"] for deployment in subject.deployments]
        if [item["networkAcls"]["defaultAction"] for item in access] != ["Allow", "Deny", "Deny"]:
            yield f"{kind} lets the wrong networks in"
        if [item["publicNetworkAccess"] for item in access] != ["Enabled", "Enabled", "Disabled"]:
            yield f"{kind} can be reached by the wrong people"
        if [[rule["value"] for rule in item["networkAcls"]["ipRules"]] for item in access] != [[], template.LARGEST["operatorAddresses"], []]:
            yield f"{kind} lets other addresses in than the operators'"
        if {rule.get("action", "Allow") for item in access for rule in item["networkAcls"]["ipRules"]} != {"Allow"}:
            yield f"{kind} turns operators away"


def every_switch_does_what_it_says(subject: Template) -> Iterator[str]:
    """What a parameter turns on is off in the smallest deployment and on in the largest, and complete in both."""
    smallest, largest = subject.smallest, subject.largest
    sign_in = [item.one(f"{SITE}/config", "authsettingsV2").body["properties"] for item in (smallest, largest)]
    provider = [item["identityProviders"]["azureActiveDirectory"] for item in sign_in]
    if [(item["platform"]["enabled"], entra["enabled"]) for item, entra in zip(sign_in, provider, strict=True)] != [(False, False), (True, True)]:
        yield "people cannot sign in, or without being asked to"
    if not provider[1]["registration"]["openIdIssuer"].endswith("-000000000002/v2.0"):
        yield "tokens of another issuer are taken"
    application = template.LARGEST["signInApplicationId"]
    if provider[1]["validation"]["allowedAudiences"] != [application, f"api://{application}"]:
        yield "tokens for another application are taken"
    rules = [item.one(f"{ACCOUNT}/managementPolicies").body["properties"]["policy"]["rules"][0] for item in (smallest, largest)]
    filters = {"blobTypes": ["blockBlob"], "prefixMatch": [f"{EVIDENCE}/snapshots/", f"{EVIDENCE}/runs/"]}
    if [(rule["enabled"], rule["definition"]["filters"]) for rule in rules] != [(False, filters), (True, filters)]:
        yield "evidence is deleted, or kept, against the parameter"
    if [item.one(VAULT).body["properties"]["createMode"] for item in (smallest, largest)] != ["default", "recover"]:
        yield "the vault is recovered, or not, against the parameter"


def every_use_of_what_is_secret_is_logged(subject: Template) -> Iterator[str]:
    """Of the vault everything, of tables and blobs the writes: reads would be a line for every poll of the host."""
    writes = {"StorageWrite": True, "StorageDelete": True}
    expected = {VAULT: {"AuditEvent": True}, f"{ACCOUNT}/tableServices": writes, f"{ACCOUNT}/blobServices": writes}
    for deployment in subject.deployments:
        settings_of = [(item.scope, item.body["properties"]["logs"]) for item in deployment.of_type("Microsoft.Insights/diagnosticSettings")]
        found = {scope.type if scope else "": {entry["category"]: entry["enabled"] for entry in logs} for scope, logs in settings_of}
        if found != expected:
            yield f"the audit logs are {found}"


def the_private_network_is_whole(subject: Template) -> Iterator[str]:
    """There only where it is asked for: an endpoint and a zone for each service, and one way out for the app."""
    if [resource for resource in subject.smallest.resources if resource.type.startswith("Microsoft.Network/")]:
        yield "a network that nobody asked for"
    targets = {"blob": ACCOUNT, "queue": ACCOUNT, "table": ACCOUNT, "vault": VAULT}
    hosts = {*(f"privatelink.{service}.core.windows.net" for service in targets if service != "vault"), "privatelink.vaultcore.azure.net"}
    if {zone.name for zone in subject.largest.of_type("Microsoft.Network/privateDnsZones")} != hosts:
        yield "the zones are not those of the services"
    found = {}
    for endpoint in subject.largest.of_type("Microsoft.Network/privateEndpoints"):
        for connection in endpoint.body["properties"]["privateLinkServiceConnections"]:
            (service,) = connection["properties"]["groupIds"]
            found[service] = "/".join(connection["properties"]["privateLinkServiceId"].split("/")[-3:-1])
    if found != targets:
        yield f"the private endpoints lead to {found}"
    links = subject.largest.of_type("Microsoft.Network/privateDnsZones/virtualNetworkLinks")
    if len(links) != len(hosts) or any(link.body["properties"]["registrationEnabled"] for link in links):
        yield "machines register themselves, or a zone is not linked"
    everywhere = [
        resource
        for kind in ("privateDnsZones", "privateDnsZones/virtualNetworkLinks")
        for resource in subject.largest.of_type(f"Microsoft.Network/{kind}")
    ]
    if {resource.body["location"] for resource in everywhere} != {"global"}:
        yield "zones have no region"
    yield from _faults_of_subnets(subject.largest)


def _faults_of_subnets(deployment: Deployment) -> Iterator[str]:
    subnets = {item["name"]: item["properties"] for item in deployment.one("Microsoft.Network/virtualNetworks").body["properties"]["subnets"]}
    referred = {resource.name for resource in deployment.resources if resource.type == "Microsoft.Network/virtualNetworks/subnets"}
    if referred - set(subnets):
        yield f"there are no subnets {referred - set(subnets)}"
    app = subnets.get(deployment.one(SITE).body["properties"]["virtualNetworkSubnetId"].rpartition("/")[2], {})
    if [item["properties"]["serviceName"] for item in app.get("delegations", [])] != ["Microsoft.App/environments"]:
        yield "Flex Consumption does not get its subnet"
    if any(subnet["defaultOutboundAccess"] for subnet in subnets.values()) or "natGateway" not in app:
        yield "something calls out past the one address"


def the_budget_warns_twice(subject: Template) -> Iterator[str]:
    """Where one is asked for: when most is spent, and when all is to be expected."""
    if subject.smallest.of_type("Microsoft.Consumption/budgets"):
        yield "a budget that nobody asked for"
    budget = subject.largest.one("Microsoft.Consumption/budgets").body["properties"]
    notes = {name: (note["enabled"], note["thresholdType"]) for name, note in budget["notifications"].items()}
    if notes != {"spent": (True, "Actual"), "expected": (True, "Forecasted")}:
        yield "the budget does not warn"
    if budget["timePeriod"]["startDate"] != "2026-12-01T00:00:00Z":
        yield "the budget begins at no time that Azure understands"


def the_outputs_lead_to_the_app(subject: Template) -> Iterator[str]:
    """They become azd's environment, and people copy them."""
    outputs, app = subject.smallest.outputs, subject.smallest.one(SITE)
    if (outputs["AZURE_FUNCTION_NAME"], outputs["AZURE_FUNCTION_URL"]) != (app.name, f"https://{SITE}.properties.defaultHostName"):
        yield "the outputs name another app"
    if (outputs["AZURE_OUTBOUND_ADDRESS"], subject.largest.outputs["AZURE_OUTBOUND_ADDRESS"] != "") != ("", True):
        yield "the address that the app calls from is missing, or made up"


def every_name_fits(subject: Template) -> Iterator[str]:
    """Names by convention: what it is, the installation, and a part that is the same for every deployment into one resource group."""
    forms = {
        ACCOUNT: "stmspa1[a-z0-9]{13}",
        "Microsoft.Network/privateEndpoints": "pep-(blob|queue|table|vault)-mspa1-[a-z0-9]{13}",
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "link-mspa1-[a-z0-9]{13}",
        RULE: "[a-z-]+-mspa1-[a-z0-9]{13}",
        WORKBOOK: "[0-9a-f-]{36}",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "default",
        **{f"{ACCOUNT}/{kind}": "default" for kind in ("blobServices", "queueServices", "tableServices", "managementPolicies")},
        **{kind: f"{prefix}-mspa1-[a-z0-9]{{13}}" for kind, prefix in PREFIXES.items()},
    }
    for resource in _resources(subject):
        if not re.fullmatch(forms.get(resource.type, ".+"), resource.name):
            yield f"{resource.type} cannot be called {resource.name}"


def everything_is_described(subject: Template) -> Iterator[str]:
    """Every parameter and output has a sentence; and the parameters file gives only what there is."""
    for path, text in subject.files.items():
        for declaration in read(text) if path.endswith(".bicep") else ():
            if declaration.kind in ("param", "output", "type") and not declaration.description.endswith("."):
                yield f"{path}: {declaration.name} has no sentence"
    given = {declaration.name for declaration in read_parameters(subject.files["main.bicepparam"])}
    known = {declaration.name for declaration in read(subject.files["main.bicep"]) if declaration.kind == "param"}
    yield from (f"main.bicepparam gives {name}, which does not exist" for name in given - known)


CHECKS: tuple[Callable[[Template], Iterator[str]], ...] = (
    every_resource_is_one_that_azure_knows,
    every_resource_that_takes_tags_has_them,
    every_app_setting_is_read,
    every_setting_of_the_app_can_be_given,
    every_setting_that_a_binding_names_exists,
    the_identity_signs_in_everywhere,
    every_place_that_the_code_writes_to_exists,
    every_role_is_the_one_it_is_called,
    every_value_that_keeps_people_out_is_set,
    every_switch_does_what_it_says,
    every_use_of_what_is_secret_is_logged,
    the_private_network_is_whole,
    the_budget_warns_twice,
    every_alert_asks_its_own_query,
    every_alert_reaches_people_who_know_what_to_do,
    the_workbook_asks_the_queries_of_the_files,
    the_outputs_lead_to_the_app,
    every_name_fits,
    everything_is_described,
)


def is_refused(files: Mapping[str, str]) -> bool:
    """Whether a template cannot be read, or one of the checks finds something or stumbles over what is missing."""
    try:
        subject = template.evaluated(files)
        return any(fault for check in CHECKS for fault in check(subject))
    except (BicepError, KeyError):
        return True


def _resources(subject: Template) -> Iterator[Resource]:
    for deployment in subject.deployments:
        yield from deployment.resources


def _declared(subject: Template, path: str, name: str) -> Declaration:
    found = next((item for item in read(subject.files[path]) if item.name == name), None)
    if found is None:
        raise BicepError(f"{path} declares no {name}")
    return found


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
