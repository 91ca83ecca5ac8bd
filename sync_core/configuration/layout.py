"""The configuration file's layout, in one place: the reader follows it, and the published JSON Schema is made from it."""

from __future__ import annotations

from sync_core.configuration.custom_layout import CUSTOM_LICENCE, ITEM, OWN_CUSTOM_LICENCE, SKU, WHERE
from sync_core.configuration.notice_layout import NOTICES, SILENCE
from sync_core.configuration.shapes import Field, Fields, ListOf, MapOf, Schema
from sync_core.configuration.values import (
    amount,
    base_url,
    choice,
    day,
    flag,
    guid,
    identifier,
    line_choice,
    secret_name,
    seller,
    setting_name,
    share,
    tenant_id,
    text_value,
    time_zone,
    whole_number,
)
from sync_core.model.agreements import Charge
from sync_core.model.billing import Basis, Decreases, ManualEdits, Names, Per
from sync_core.model.configuration import Credential
from sync_core.model.customers import Mode, SignIn
from sync_core.model.languages import Language
from sync_core.model.plans import ChangeKind
from sync_core.model.terms import Cycle, Duration, TermsFrom

PARTNER = Fields(
    {
        "tenant_id": Field(tenant_id(), "The partner's own Microsoft tenant.", required=True),
        "application_id": Field(
            guid("an application id", "Write the GUID that the app registration shows as Application (client) ID"),
            "The app registration in the partner's tenant.",
            required=True,
        ),
        "credential": Field(choice(Credential), "How the app proves itself to Microsoft; secret by default."),
        "credential_secret": Field(secret_name(), "Name of the Key Vault secret that holds the app's secret or certificate."),
        "refresh_token_secret": Field(
            secret_name(or_none=True),
            "Name of the Key Vault secret with the partner's refresh token; none where the app signs in by itself.",
        ),
        "managed_identity_client_id": Field(
            guid("a client id", "Write the GUID of the managed identity"), "The user-assigned identity, if one is used."
        ),
        "sold_by": Field(
            ListOf(seller()), "Tenants whose subscriptions are billed: the partner's own by default, an indirect provider's, or the word direct."
        ),
        "terms": Field(choice(TermsFrom), "Where the terms of subscriptions are read: graph (the default; observed) or partner center."),
    }
)

CONNECTION = Fields(
    {
        "kind": Field(identifier("a kind of PSA"), "Which PSA this is, such as connectwise.", required=True),
        "url": Field(base_url(), "Where the PSA answers, such as https://na.myconnectwise.net.", required=True),
        "time_zone": Field(time_zone(), "The time zone that the PSA's dates are in, by its IANA name; UTC by default."),
        "language": Field(choice(Language), "The language of its invoices, for the words beside people's names; en (English) by default."),
        "settings": Field(MapOf(text_value(), setting_name()), "What this kind of PSA wants to know besides, such as the company id."),
        "secrets": Field(MapOf(secret_name(), identifier("a name")), "Names of the Key Vault secrets that this kind of PSA needs."),
    }
)

PRICE_RANGE = Fields(
    {
        "amount": Field(amount(), "The unit price, net.", required=True),
        "from": Field(day(), "The first day of this price; since ever by default."),
        "until": Field(day(), "The last day of this price; for ever by default."),
    }
)

PROFILE = Fields(
    {
        "product": Field(text_value("a product identifier"), "The PSA's identifier of the product that the line bills.", required=True),
        "basis": Field(choice(Basis), "Which number is billed: purchased (the default), assigned, or the greater of both."),
        "minimum": Field(whole_number(), "At least so many units are billed; 0 by default."),
        "included": Field(whole_number(), "So many units are free; 0 by default."),
        "bill_warning": Field(flag(), "Whether units in their grace period count as purchased; true by default."),
        "prorate": Field(flag(), "Whether added units are billed for their days; false by default. The agreement has to prorate, too."),
        "credits": Field(flag(), "With prorate, whether fewer units are credited for their days; false by default."),
        "decreases": Field(choice(Decreases), "From when fewer units count: by term (the default), now, next period or at renewal."),
        "prices": Field(ListOf(PRICE_RANGE), "Unit prices by date ranges; the PSA's own price by default."),
        "cost_plus": Field(amount(), "The unit price as so many percent on the PSA's unit cost."),
        "charge": Field(choice(Charge), "How new lines are charged: billable (the default), do not bill or no charge."),
        "taxable": Field(flag(), "Whether new lines are taxable; as the PSA's catalogue says by default."),
        "names": Field(choice(Names), "How the people who hold the item are named in the line's text: none (the default), display name or upn."),
        "show_unassigned": Field(flag(), "With names, whether the units that nobody holds are counted behind them; false by default."),
        "description": Field(text_value("a text"), "The text of new lines on the invoice; {item} stands for the item. The catalogue's by default."),
    },
    at_most_one=[("prices", "cost_plus")],
)

AGREEMENT = Fields(
    {
        "type": Field(text_value("the name of an agreement type"), "The company's one active agreement of this type."),
        "name": Field(text_value("the name of an agreement"), "The company's agreement of this name."),
        "id": Field(identifier("an agreement id"), "The agreement with this id."),
    },
    one_of=[("type", "name", "id")],
)

OVERRIDE = Fields(
    {**PROFILE.fields, "product": Field(text_value("a product identifier"), "Another product of the PSA.")},
    at_most_one=PROFILE.at_most_one,
)

UNDER = {
    "profile": Field(text_value("a profile"), "The billing profile, by its name under profiles.", required=True),
    "override": Field(OVERRIDE, "What is otherwise here than in the profile."),
}

BY_TERM = Fields(
    {
        "term": Field(choice(Duration), "Subscriptions bought for so long: P1M, P1Y or P3Y; any by default."),
        "cycle": Field(choice(Cycle), "Subscriptions that Microsoft bills so: monthly, annual or triennial; any by default."),
        **UNDER,
    }
)

RULE = Fields(
    {
        "sku": Field(SKU, "One SKU, by id or part number."),
        "skus": Field(ListOf(SKU), "Several SKUs, by id or part number."),
        "sku_set": Field(text_value("a SKU set"), "All SKUs of one of the sku_sets."),
        "custom": Field(text_value("a custom licence"), "A custom licence, by its name under custom_licences."),
        **UNDER,
        "per": Field(choice(Per), "What gets a line of its own: sku (all units on one; the default), term or subscription."),
        "terms": Field(ListOf(BY_TERM), "Profiles for subscriptions by their term, the first that fits; profile is for all others."),
        "connection": Field(text_value("a connection"), "The PSA connection; needed only where there are several."),
        "agreement": Field(AGREEMENT, "How the agreement is found among those of the customer's company.", required=True),
    },
    one_of=[("sku", "skus", "sku_set", "custom")],
)

PLACE = {
    "company": Field(identifier("a company id"), "The PSA company that is billed, where it is not the customer's usual one."),
    "start": Field(day(), "The first day to bill, where it is not the next period."),
    "line": Field(line_choice(), "What to do about a line that is already there: new, or adopt and its id."),
}

PART = Fields(
    {
        "name": Field(identifier("a short name"), "Tells the parts apart, here and on plans. Changing it makes another link.", required=True),
        "where": Field(ListOf(WHERE), "Whom it is for: any of these entries will do, each with all its conditions.", required=True),
        **PLACE,
        "agreement": Field(AGREEMENT, "Where the part goes, if not to the link's agreement."),
        "profile": Field(text_value("a profile"), "The part's billing profile, if not the link's."),
        "override": Field(OVERRIDE, "What is otherwise here than in the part's profile."),
    }
)

SPLIT = Fields(
    {
        "parts": Field(ListOf(PART), "The parts in their order: whoever fits several belongs to the first.", required=True),
        "remainder": Field(identifier("a short name"), "What is left is called so, and billed as the link says.", required=True),
    }
)

LINK = Fields(
    {
        **RULE.fields,
        **PLACE,
        "name": Field(identifier("a short name"), "Tells two links of one SKU to one company apart. Changing it makes another link."),
        "bill": Field(flag(), "False: not billed to this customer, and nobody is told of it; true by default."),
        "split": Field(SPLIT, "Divides the item over several places by what its people are like."),
    },
    one_of=RULE.one_of,
)

GUARD_RAILS = Fields(
    {
        "line_share": Field(share(), "A line that moves by more than this share and more than line_units needs approval; 0.25 by default."),
        "line_units": Field(whole_number(), "See line_share; 5 by default."),
        "customer_money": Field(amount(), "A customer whose amount per period moves by more needs approval; 500 by default."),
        "run_customers_share": Field(share(), "A run that changes more than this share of its customers is held; 0.3 by default."),
        "run_customers": Field(whole_number(), "The share is judged from this many changed customers on; 5 by default."),
        "run_money": Field(amount(), "A run that moves more money per period is held; 5000 by default."),
        "manual_edits": Field(choice(ManualEdits), "What to do about a managed line that a person edited in the PSA: ask, accept or overwrite."),
    }
)

OWN_APPROVALS = Fields(
    {
        "kinds": Field(
            MapOf(choice(Mode), choice(ChangeKind, ChangeKind.NONE, ChangeKind.HAND_BACK)),
            "How far a kind of change may go, where that is less far than the customer's mode.",
        ),
        "within_units": Field(whole_number(), "In mode approve, a quantity that moves by at most so many units needs no person; 0 by default."),
        "within_share": Field(share(), "In mode approve, a quantity that moves by at most this share needs no person; 0 by default."),
    }
)

APPROVALS = Fields(
    {
        **OWN_APPROVALS.fields,
        "four_eyes": Field(flag(), "Whether an approval takes two different signed-in people, and not who imported; false by default."),
    }
)

EXCLUSIONS = Fields(
    {
        "defaults": Field(flag(), "Whether the built-in list of free and viral SKUs is left out; true by default."),
        "keep": Field(ListOf(SKU), "SKUs of the built-in list that are billed all the same."),
        "skus": Field(ListOf(SKU), "More SKUs that are never billed."),
    }
)

CUSTOMER = Fields(
    {
        "tenant_id": Field(tenant_id(), "The customer's Microsoft tenant.", required=True),
        "name": Field(text_value("a name"), "What people call the customer.", required=True),
        "mode": Field(choice(Mode), "How far a run goes: observe (the default), approve or automatic."),
        "sign_in": Field(choice(SignIn), "How the partner signs in there: delegated (the default) or application."),
        "company": Field(identifier("a company id"), "The PSA company that is billed, where there is one connection."),
        "companies": Field(MapOf(identifier("a company id"), text_value("a connection")), "The PSA company that is billed, for each connection."),
        "links": Field(ListOf(LINK), "Exceptions. They replace the rules for their SKUs."),
        "exclusions": Field(ListOf(ITEM), "SKUs that are not billed to this customer, and custom licences, such as custom:email-backup."),
        "custom_licences": Field(
            MapOf(OWN_CUSTOM_LICENCE, text_value("a custom licence")), "Custom licences that count otherwise here: what is named replaces the usual."
        ),
        "names": Field(flag(), "False where nobody of this customer is to be named on an invoice, whatever the profiles say; true by default."),
        "guard_rails": Field(GUARD_RAILS, "Where this customer's limits differ."),
        "notices": Field(SILENCE, "What is not told of this customer."),
        "approvals": Field(OWN_APPROVALS, "Where this customer needs another word; kinds that are not named stay as for everybody."),
    },
    at_most_one=[("company", "companies")],
)

FILE = Fields(
    {
        "partner": Field(PARTNER, "The partner's tenant and app registration.", required=True),
        "connections": Field(MapOf(CONNECTION, identifier("a short name")), "The PSAs, each under a short name.", required=True),
        "profiles": Field(MapOf(PROFILE, text_value("a name")), "Billing profiles: how an item is billed."),
        "sku_sets": Field(MapOf(ListOf(SKU), text_value("a name")), "SKUs that rules name together."),
        "sku_names": Field(MapOf(text_value("a name"), SKU), "Names for people, in place of Microsoft's, by SKU."),
        "custom_licences": Field(MapOf(CUSTOM_LICENCE, identifier("a short name")), "Items that a rule counts, each under a short name."),
        "rules": Field(ListOf(RULE), "What is billed where, for every customer that has a company on the connection."),
        "exclusions": Field(EXCLUSIONS, "SKUs that are never billed to anybody."),
        "guard_rails": Field(GUARD_RAILS, "What may pass without a person."),
        "approvals": Field(APPROVALS, "Whose word is needed."),
        "notices": Field(NOTICES, "Who hears of a run, and how."),
        "customers": Field(ListOf(CUSTOMER), "The customers."),
    }
)

TEMPLATES = MapOf(CUSTOM_LICENCE, identifier("a short name"))
"""Rules that come with the app, in a file of their own."""


def json_schema() -> Schema:
    """The layout as JSON Schema, draft-07, which the YAML extensions of editors read."""
    title = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Microsoft 365 licences into PSA agreements: configuration"}
    return title | FILE.schema()
