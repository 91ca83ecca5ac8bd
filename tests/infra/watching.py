"""What is held against the alerts and the workbook. Checks as in ``checks.py``; what their queries find is for ``test_queries.py``."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.environment import ROOT
from tests.infra.evaluation import Deployment, Resource
from tests.infra.template import LARGEST, Template

RULE = "Microsoft.Insights/scheduledQueryRules"
GROUP = "Microsoft.Insights/actionGroups"
WORKBOOK = "Microsoft.Insights/workbooks"

WINDOWS: Mapping[str, tuple[str, str]] = {
    "no-run-finished": ("PT1H", "P2D"),
    "poison-message": ("PT15M", "PT1H"),
    "run-held": ("PT15M", "PT1H"),
    "notice-failed": ("PT15M", "PT1H"),
    "failed-customers": ("PT1H", "P1D"),
    "access-at-risk": ("PT1H", "PT2H"),
}
"""How often each alert looks and how far back. A window is longer than the time between two looks, because logs arrive late and unordered;
the values are ones that Azure offers (Microsoft Learn, "Create or edit a log search alert rule")."""


def alerts_of(deployment: Deployment) -> dict[str, Resource]:
    """The alert rules by what comes before the installation in their names."""
    return {rule.name.partition("-mspa1-")[0]: rule for rule in deployment.of_type(RULE)}


def queries_of_workbook(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """The content of the workbook's query items by their names."""
    items = _definition(deployment)["items"]
    return {item["name"]: item["content"] for item in items if item["type"] == 3}


def every_alert_asks_its_own_query(subject: Template) -> Iterator[str]:
    """Of the workspace, as often and as far back as it is meant to, and says what it found in the query's own words."""
    for deployment in subject.deployments:
        workspace = deployment.one("Microsoft.OperationalInsights/workspaces").id
        if alerts_of(deployment).keys() != WINDOWS.keys():
            yield f"the alerts are {list(alerts_of(deployment))}"
        for name, rule in alerts_of(deployment).items():
            properties, (condition,) = rule.body["properties"], rule.body["properties"]["criteria"]["allOf"]
            query = subject.files[f"queries/{name}.kql"]
            if condition["query"] != query or not query.startswith(f"// {properties['description']}\n"):
                yield f"{name} asks something else than it says"
            if (properties["evaluationFrequency"], properties["windowSize"]) != WINDOWS.get(name):
                yield f"{name} looks too seldom, or not far enough back"
            if properties["scopes"] != [workspace] or not (properties["autoMitigate"] and properties["skipQueryValidation"]):
                yield f"{name} looks elsewhere, or is not over when it is over"
            counted = (condition["timeAggregation"], condition["metricMeasureColumn"], condition["operator"])
            if counted != (("Maximum", "percent", "GreaterThan") if name == "failed-customers" else ("Count", None, "GreaterThan")):
                yield f"{name} does not fire on what its query finds"


def every_alert_reaches_people_who_know_what_to_do(subject: Template) -> Iterator[str]:
    """It mails whom a parameter names, can be switched off, and leads to a section of the operations page."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    for deployment in subject.deployments:
        groups = [group.id for group in deployment.of_type(GROUP)]
        for name, rule in alerts_of(deployment).items():
            actions = rule.body["properties"]["actions"]
            if actions != {"actionGroups": groups, "customProperties": {"runbook": f"docs/operations.md#{name}"}} or f"\n### {name}\n" not in page:
                yield f"{name} tells nobody, or not what to do"
    if [len(deployment.of_type(GROUP)) for deployment in subject.deployments] != [0, 1, 1]:
        yield "people are mailed whom nobody named, or the other way round"
    people = subject.largest.one(GROUP).body
    receivers = [{"name": contact, "emailAddress": contact, "useCommonAlertSchema": True} for contact in LARGEST["alertContacts"]]
    if people["location"] != "global" or people["properties"] != {"groupShortName": "mspa1", "enabled": True, "emailReceivers": receivers}:
        yield "the mails do not arrive"
    off = [{name for name, rule in alerts_of(item).items() if not rule.body["properties"]["enabled"]} for item in (subject.smallest, subject.largest)]
    if off != [set(), set(LARGEST["alertsSwitchedOff"])]:
        yield f"{off} are switched off"


def the_workbook_asks_the_queries_of_the_files(subject: Template) -> Iterator[str]:
    """Each in the time that the reader chose; and there is no query that neither it nor an alert uses."""
    workspace = subject.smallest.one("Microsoft.OperationalInsights/workspaces")
    body, definition = subject.smallest.one(WORKBOOK).body, _definition(subject.smallest)
    fixed = {"displayName": "Licence sync mspa1", "category": "workbook", "sourceId": workspace.id}
    if not fixed.items() <= body["properties"].items() or definition["fallbackResourceIds"] != [workspace.id]:
        yield "the workbook cannot be found, or looks elsewhere"
    asked = queries_of_workbook(subject.smallest)
    for name, content in asked.items():
        if content.get("query") != subject.files.get(f"queries/{name}.kql"):
            yield f"the workbook's {name} has no query, or another one"
        if (content["timeContextFromParameter"], content["resourceType"]) != ("TimeRange", workspace.type.lower()):
            yield f"the workbook's {name} does not look where and when the reader does"
    there = {path.removeprefix("queries/").removesuffix(".kql") for path in subject.files if path.startswith("queries/")}
    if there != asked.keys() | WINDOWS.keys():
        yield f"{there ^ (asked.keys() | WINDOWS.keys())} are asked by nobody, or do not exist"


def _definition(deployment: Deployment) -> dict[str, Any]:
    return dict(json.loads(deployment.one(WORKBOOK).body["properties"]["serializedData"]))
