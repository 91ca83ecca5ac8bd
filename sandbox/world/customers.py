"""The twelve customers of a world's beginning. Between them they show what a night can meet; each says what it is there for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sandbox.microsoft import catalog
from sandbox.microsoft.directory import stable_id
from sandbox.microsoft.sign_in_errors import SignInError
from sandbox.world.books import Terms
from sandbox.world.msp import Account, Msp
from sandbox.world.offers import (
    BACKUP,
    BUSINESS_BASIC,
    BUSINESS_PREMIUM,
    BUSINESS_STANDARD,
    COPILOT,
    DEFENDER,
    E3,
    EXCHANGE,
    FIREWALL,
    FRONTLINE,
    MANAGED_USERS,
    POWER_BI,
    SUPPORT,
    TEAMS_PHONE,
)
from sync_core.model.customers import Mode
from sync_core.model.plans import ChangeKind, ChangeResult

ANOTHER_RESELLER = stable_id("tenant", "another-reseller.example")

HOSTILE_NAME = '=HYPERLINK("https://evil.example","Coho") <script>alert(1)</script> \u202egnihsihp\u202c \x07\r\nBcc: x@evil.example 🍷'
"""HTML, a CSV formula, direction and control characters, a line break that looks like a mail header, and an emoji."""
HOSTILE_BUT_PRINTABLE = '=2+5 <b>Coho & "Söhne"</b> 🍷'
"""What of it a configuration file takes: a name there has to be printable."""


def contoso(msp: Msp) -> Account:
    """Grows."""
    account = msp.customer(
        "Contoso", "three seats more, a new line, a trial that is never billed, and a service counted by a rule", terms=Terms(prorate=True)
    )
    account.manages(BUSINESS_PREMIUM, 25, seats=28)
    account.manages(COPILOT, 5)
    account.tenant.buy(COPILOT.sku, 25, trial=True, since=msp.now - timedelta(days=10))
    account.adds(EXCHANGE, 5)
    account.exclusions.append(catalog.POWER_BI_PRO.part_number)
    account.tenant.buy(catalog.POWER_BI_PRO, 2)
    account.bills(POWER_BI, 2)
    account.tenant.buy(catalog.POWER_AUTOMATE_FREE, 10_000, sold_by=None)
    account.tenant.users[0].account_enabled = False
    account.tenant.add_user("Visiting auditor", "auditor").user_type = "Guest"
    account.counts(MANAGED_USERS, 23)
    account.bills(BACKUP, 30)
    return account


def fabrikam(msp: Msp) -> Account:
    """Shrinks a little."""
    account = msp.customer("Fabrikam", "two seats fewer, and ten seats of the same SKU that another reseller sold", months=26)
    account.manages(BUSINESS_PREMIUM, 18, seats=16)
    account.tenant.buy(BUSINESS_PREMIUM.sku, 10, sold_by=ANOTHER_RESELLER)
    account.manages(DEFENDER, 16)
    account.bills(FIREWALL, 1)
    account.bills(SUPPORT, 26)
    return account


def fabrikam_residences(msp: Msp) -> Account:
    """A second tenant of the company before it."""
    account = msp.customer(
        "Fabrikam Residences", "names on the invoice; a second tenant that is billed to the same company", beside=msp.accounts["Fabrikam"]
    )
    account.manages(BUSINESS_PREMIUM, 7)
    account.holds(FRONTLINE, 10, assigned=9)
    account.takes_over(FRONTLINE, account.bills(FRONTLINE, 9), 9)
    account.promises(FRONTLINE, ChangeKind.SET_TEXT, None, None)
    return account


def wingtip_toys(msp: Msp) -> Account:
    """Out of reach: the delegated rights have expired."""
    account = msp.customer("Wingtip Toys", "the GDAP relationship has expired")
    account.manages(BUSINESS_STANDARD, 11, seats=12)
    account.manages(EXCHANGE, 2)
    account.bills(SUPPORT, 11)
    msp.directory.end_relationships(account.tenant)
    account.fails("no-gdap-access")
    return account


def litware(msp: Msp) -> Account:
    """Out of reach: nobody consented to the application."""
    account = msp.customer("Litware", "the application has no consent in the tenant")
    account.manages(BUSINESS_BASIC, 9)
    account.bills(BACKUP, 9)
    account.tenant.withdraw_consent()
    account.fails("consent-missing")
    return account


def northwind_traders(msp: Msp) -> Account:
    """Throttled at first, then read in the same night; billed in another currency."""
    account = msp.customer("Northwind Traders", "throttled at first; billed in euro; two SKUs have no billing profile", terms=Terms(currency="EUR"))
    account.manages(BUSINESS_STANDARD, 14, seats=16)
    account.manages(TEAMS_PHONE, 6)
    for sku, seats in ((catalog.VISIO_PLAN_2, 3), (catalog.PROJECT_PLAN_3, 2)):
        account.tenant.buy(sku, seats)
        account.tenant.assign(sku, seats)
        account.unlinked.append(sku.name)
    account.bills(SUPPORT, 16)
    account.tenant.conditions.refuse(status=429, times=4, retry_after="1")
    return account


def proseware(msp: Msp) -> Account:
    """Read in part: the subscriptions never answer, so nothing may change."""
    account = msp.customer("Proseware", "its subscriptions cannot be read, so nothing that rests on them changes")
    account.manages(BUSINESS_PREMIUM, 30, seats=34)
    account.manages(EXCHANGE, 4)
    account.bills(BACKUP, 34)
    account.tenant.conditions.refuse(r"^/directory/subscriptions", status=503, times=0, retry_after="1")
    account.changes.clear()
    account.asks(BUSINESS_PREMIUM)
    account.asks(EXCHANGE)
    return account


def tailspin_toys(msp: Msp) -> Account:
    """In its grace period; a person releases every change here."""
    account = msp.customer("Tailspin Toys", "every subscription has expired to warning; a person releases each change", Mode.APPROVE, months=9)
    account.manages(BUSINESS_STANDARD, 12, seats=10)
    account.manages(EXCHANGE, 3)
    account.bills(SUPPORT, 12)
    account.tenant.expire_to_warning()
    return account


def alpine_ski_house(msp: Msp) -> Account:
    """Loses nearly everything over night, which is more likely a mistake than true."""
    account = msp.customer("Alpine Ski House", "forty seats fell to three: a person looks first", terms=Terms(ahead=True))
    account.holds(BUSINESS_STANDARD, 3)
    line = account.bills(BUSINESS_STANDARD, 40)
    account.takes_over(BUSINESS_STANDARD, line, 40)
    account.promises(BUSINESS_STANDARD, ChangeKind.SET_QUANTITY, 40, 3, ChangeResult.WAITING)
    account.manages(DEFENDER, 4)
    account.bills(SUPPORT, 40)
    return account


def humongous_insurance(msp: Msp) -> Account:
    """Out of reach: the customer's own policy blocks the partner."""
    account = msp.customer("Humongous Insurance", "a Conditional Access policy of the customer blocks the partner", months=30)
    account.manages(E3, 85, seats=87)
    account.bills(SUPPORT, 85)
    account.bills(FIREWALL, 3)
    account.tenant.conditions.sign_in_error = SignInError.CONDITIONAL_ACCESS
    account.fails("blocked-by-conditional-access")
    return account


def coho(msp: Msp) -> Account:
    """Hostile names, and lines of others for which nobody has decided anything yet."""
    account = msp.customer(
        "Coho", "hostile names; a person's line and another tool's line already bill what is held, and wait for a decision", written_as=HOSTILE_NAME
    )
    account.name = HOSTILE_BUT_PRINTABLE
    account.manages(TEAMS_PHONE, 4, seats=6, text="Phones \u202efor\u202c <b>everybody</b>\tand =cmd|' /C calc'!A0")
    account.holds(BUSINESS_PREMIUM, 12)
    account.bills(BUSINESS_PREMIUM, 12)
    account.asks(BUSINESS_PREMIUM)
    account.holds(EXCHANGE, 6)
    account.bills(EXCHANGE, 6, marker="Cloudconsole")
    account.asks(EXCHANGE)
    account.tenant.add_user("<img src=x onerror=alert(1)> \u2066Sommelier\u2069", "sommelier")
    return account


def woodgrove_bank(msp: Msp) -> Account:
    """Only looked at; and somebody copied its agreement."""
    account = msp.customer("Woodgrove Bank", "only observed; one of its agreements was copied, so nobody can tell which one bills", Mode.OBSERVE)
    account.holds(BUSINESS_BASIC, 20)
    account.bills(BUSINESS_BASIC, 20)
    account.asks(BUSINESS_BASIC)
    account.bills(SUPPORT, 20)
    account.books.copy_agreement(account.agreement)
    services = account.books.agreement(account.company, "Managed services Woodgrove Bank", "Managed Services", msp.months_ago(20), Terms())
    account.manages(E3, 60, seats=62, agreement=services)
    return account


FIRST_CUSTOMERS: tuple[Callable[[Msp], Account], ...] = (
    contoso,
    fabrikam,
    fabrikam_residences,
    wingtip_toys,
    litware,
    northwind_traders,
    proseware,
    tailspin_toys,
    alpine_ski_house,
    humongous_insurance,
    coho,
    woodgrove_bank,
)
"""In the order in which a world of any size begins."""
