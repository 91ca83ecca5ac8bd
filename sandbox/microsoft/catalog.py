"""Real SKUs for seeded tenants, and Microsoft's table of their names.

Ids, part numbers and names are Microsoft's own (Learn, "Product names and service plan identifiers for licensing").
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ServicePlan:
    """One service inside a SKU."""

    plan_id: str
    name: str
    friendly_name: str


@dataclass(frozen=True)
class Sku:
    """A licence product. ``company_wide`` SKUs apply to the tenant, so nobody is assigned one."""

    sku_id: str
    part_number: str
    name: str
    plans: tuple[ServicePlan, ...] = ()
    company_wide: bool = False


EXCHANGE_1 = ServicePlan("9aaf7827-d63c-4b61-89c3-182f06f82e5c", "EXCHANGE_S_STANDARD", "Exchange Online (Plan 1)")
EXCHANGE_2 = ServicePlan("efb87545-963c-4e0d-99df-69c6916d9eb0", "EXCHANGE_S_ENTERPRISE", "Exchange Online (Plan 2)")
TEAMS = ServicePlan("57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1", "Microsoft Teams")
SHAREPOINT = ServicePlan("c7699d2e-19aa-44de-8edf-1736da088ca1", "SHAREPOINTSTANDARD", "SharePoint (Plan 1)")
OFFICE_APPS = ServicePlan("094e7854-93fc-4d55-b2c0-3ab5369ebdc1", "OFFICE_BUSINESS", "Microsoft 365 Apps for Business")
INTUNE = ServicePlan("c1ec4a95-1f05-45b3-a911-aa3fa01094f5", "INTUNE_A", "Intune")
ENTRA_P1 = ServicePlan("41781fb2-bc02-4b7c-bd55-b576c07bb09d", "AAD_PREMIUM", "Microsoft Entra ID P1")

BUSINESS_BASIC = Sku(
    "3b555118-da6a-4418-894f-7df1e2096870", "O365_BUSINESS_ESSENTIALS", "Microsoft 365 Business Basic", (EXCHANGE_1, TEAMS, SHAREPOINT)
)
BUSINESS_STANDARD = Sku(
    "f245ecc8-75af-4f8e-b61f-27d8114de5f3",
    "O365_BUSINESS_PREMIUM",
    "Microsoft 365 Business Standard",
    (EXCHANGE_1, TEAMS, SHAREPOINT, OFFICE_APPS),
)
BUSINESS_PREMIUM = Sku(
    "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46",
    "SPB",
    "Microsoft 365 Business Premium",
    (EXCHANGE_1, TEAMS, SHAREPOINT, OFFICE_APPS, INTUNE, ENTRA_P1),
)
APPS_FOR_BUSINESS = Sku("cdd28e44-67e3-425e-be4c-737fab2899d3", "O365_BUSINESS", "Microsoft 365 Apps for Business", (OFFICE_APPS,))
M365_E3 = Sku("05e9a617-0261-4cee-bb44-138d3ef5d965", "SPE_E3", "Microsoft 365 E3", (EXCHANGE_2, TEAMS, INTUNE, ENTRA_P1))
M365_E5 = Sku("06ebc4ee-1bb5-47dd-8120-11324bc54e06", "SPE_E5", "Microsoft 365 E5", (EXCHANGE_2, TEAMS, INTUNE, ENTRA_P1))
M365_F3 = Sku("66b55226-6b4f-492c-910c-a3b7a3c9d993", "SPE_F1", "Microsoft 365 F3", (TEAMS, INTUNE, ENTRA_P1))
COPILOT = Sku("639dec6b-bb19-468b-871c-c5c441c4b0cb", "Microsoft_365_Copilot", "Microsoft Copilot for Microsoft 365")
EXCHANGE_PLAN_1 = Sku("4b9405b0-7788-4568-add1-99614e613b69", "EXCHANGESTANDARD", "Exchange Online (Plan 1)", (EXCHANGE_1,))
EXCHANGE_PLAN_2 = Sku("19ec0d23-8335-4cbd-94ac-6050e30712fa", "EXCHANGEENTERPRISE", "Exchange Online (Plan 2)", (EXCHANGE_2,))
DEFENDER_OFFICE_1 = Sku("4ef96642-f096-40de-a3e9-d83fb2f90211", "ATP_ENTERPRISE", "Microsoft Defender for Office 365 (Plan 1)")
ENTRA_ID_P1 = Sku("078d2b04-f1bd-4111-bbd4-b4b1b354cef4", "AAD_PREMIUM", "Microsoft Entra ID P1", (ENTRA_P1,))
TEAMS_PHONE = Sku("e43b5b99-8dfb-405f-9987-dc307f34bcbd", "MCOEV", "Microsoft Teams Phone Standard")
VISIO_PLAN_2 = Sku("c5928f49-12ba-48f7-ada3-0d743a3601d5", "VISIOCLIENT", "Visio Plan 2")
PROJECT_PLAN_3 = Sku("53818b1b-4a27-454b-8896-0dba576410e6", "PROJECTPROFESSIONAL", "Planner and Project Plan 3")
POWER_BI_PRO = Sku("f8a1db68-be16-40ed-86d5-cb42ce701560", "POWER_BI_PRO", "Power BI Pro")
EXTRA_FILE_STORAGE = Sku("99049c9c-6011-4908-bf17-15f496e6519d", "SHAREPOINTSTORAGE", "Office 365 Extra File Storage", company_wide=True)
POWER_AUTOMATE_FREE = Sku("f30db892-07e9-47e9-837c-80727f46fd3d", "FLOW_FREE", "Microsoft Power Automate Free")
FABRIC_FREE = Sku("a403ebcc-fae0-4ca2-8c8c-7a907fd6c235", "POWER_BI_STANDARD", "Microsoft Fabric (Free)")
TEAMS_EXPLORATORY = Sku("710779e8-3d4a-4c88-adb9-386c958d1fdf", "TEAMS_EXPLORATORY", "Microsoft Teams Exploratory", (TEAMS,))

NAMED: tuple[Sku, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Sku))
"""Every SKU of this module: what Microsoft's table of names knows. A seed's own ``Sku`` is missing from it, as new ones are."""

COLUMNS = ("Product_Display_Name", "String_Id", "GUID", "Service_Plan_Name", "Service_Plan_Id", "Service_Plans_Included_Friendly_Names")


def names_csv(skus: Iterable[Sku] = NAMED) -> bytes:
    """Microsoft's downloadable table: one row per SKU and service plan, UTF-8 with a byte order mark, CRLF lines."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for sku in skus:
        for plan in sku.plans or (ServicePlan("", "", ""),):
            rows.writerow((sku.name, sku.part_number, sku.sku_id, plan.name, plan.plan_id, plan.friendly_name))
    return text.getvalue().encode("utf-8-sig")
