"""The layout of custom licences and of the conditions that they and splits are made of."""

from __future__ import annotations

from sync_core.configuration.shapes import Field, Fields, ListOf, Several, Shape
from sync_core.configuration.values import choice, days, flag, guid, text_value
from sync_core.model.custom_licences import DAYS, FLAGS, Attribute, Counts

SKU = text_value("a SKU id or part number")
ITEM = text_value("a SKU id or part number, or custom: and the name of a custom licence")

_GROUP = guid("a group's id", "Write the GUID that Entra shows as the group's Object ID; names are not unique and may change")
_SENTENCES = {
    Attribute.ENABLED: "Whether the account may sign in; of a device, whether it is enabled.",
    Attribute.LICENSED: "Whether any licence is assigned, free ones included.",
    Attribute.DOMAIN: "What follows the @ of the user principal name.",
    Attribute.DEPARTMENT: "The person's department.",
    Attribute.OFFICE: "The person's office.",
    Attribute.CITY: "The person's city.",
    Attribute.STATE: "The person's state or province.",
    Attribute.COUNTRY: "The person's country or region.",
    Attribute.COMPANY: "The person's company name.",
    Attribute.JOB_TITLE: "The person's job title.",
    Attribute.EMPLOYEE_TYPE: "The person's employee type.",
    Attribute.GROUP: "Member of any of these Entra groups (object ids), nested groups included.",
    Attribute.SKU: "Holds any of these SKUs.",
    Attribute.ALL_SKUS: "Holds all of these SKUs.",
    Attribute.SERVICE_PLAN: "Has any of these service plans switched on, by id or by Microsoft's name such as EXCHANGE_S_STANDARD.",
    Attribute.ALL_SERVICE_PLANS: "Has all of these service plans switched on.",
    Attribute.MFA_REGISTERED: "Whether the person is registered for multi-factor authentication.",
    Attribute.SIGNED_IN_WITHIN_DAYS: "The last sign-in of any kind is no older.",
    Attribute.NOT_SIGNED_IN_FOR_DAYS: "The last sign-in of any kind is older, or there never was one.",
    Attribute.OPERATING_SYSTEM: "The device's operating system, such as Windows or macOS.",
    Attribute.MANAGED: "Whether the device is managed.",
    Attribute.COMPLIANT: "Whether the device is compliant.",
    Attribute.SEEN_WITHIN_DAYS: "The device was active, or synchronised with Intune, no longer ago.",
    Attribute.NOT_SEEN_FOR_DAYS: "The device was not active, or did not synchronise with Intune, for longer, or never.",
}


def _shape(attribute: Attribute) -> Shape:
    if attribute in FLAGS:
        return flag()
    if attribute in DAYS:
        return days()
    special = {Attribute.GROUP: _GROUP, Attribute.SKU: SKU, Attribute.ALL_SKUS: SKU}
    return Several(special.get(attribute, text_value()))


WHERE = Fields({attribute.value: Field(_shape(attribute), _SENTENCES[attribute]) for attribute in Attribute})
"""Conditions that hold together, each with one value or a list of which any will do."""

_CONDITIONS = {
    "include": Field(ListOf(WHERE), "Only what meets all conditions of any of these entries; everything, where it is left out."),
    "exclude": Field(ListOf(WHERE), "None of what meets all conditions of any of these entries."),
}

CUSTOM_LICENCE = Fields(
    {
        "title": Field(text_value("a name"), "What people call it."),
        "template": Field(text_value("a template"), "Begins with one of the rules that come with the app; what else is given here replaces its own."),
        "count": Field(choice(Counts, Counts.SUM), "What is counted."),
        "sum_of": Field(ListOf(ITEM), "Adds up these items; somebody who is in two of them counts in both."),
        **_CONDITIONS,
    },
    one_of=[("template", "count", "sum_of")],
)

OWN_CUSTOM_LICENCE = Fields(_CONDITIONS)
