"""SKUs by the names that people write: part numbers; and those that are free or spread by themselves, which nobody bills."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

FREE_SKUS: Mapping[str, str] = {
    "f30db892-07e9-47e9-837c-80727f46fd3d": "FLOW_FREE",
    "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235": "POWER_BI_STANDARD",
    "ade29b5f-397e-4eb9-a287-0344bd46c68d": "POWER_BI_STANDARD_FACULTY",
    "bdcaf6aa-04c1-4b8f-b64e-6e3bd505ac64": "POWER_BI_STANDARD_STUDENT",
    "dcb1a3ae-b33f-4487-846a-a640262fadf4": "POWERAPPS_VIRAL",
    "5b631642-bd26-49fe-bd20-1daaa972ef80": "POWERAPPS_DEV",
    "3f9f06f5-3c31-472c-985f-62d9c10ec167": "Power_Pages_vTrial_for_Makers",
    "606b54a9-78d8-4298-ad8b-df6ef4481c80": "CCIBOTS_PRIVPREV_VIRAL",
    "bc946dac-7877-4271-b2f7-99d2db13cd2c": "FORMS_PRO",
    "16ddbbfc-09ea-4de2-b1d7-312db6112d70": "TEAMS_FREE",
    "710779e8-3d4a-4c88-adb9-386c958d1fdf": "TEAMS_EXPLORATORY",
    "e0dfc8b9-9531-4ec8-94b4-9fec23b05fc8": "Microsoft_Teams_Exploratory_Dept",
    "74fbf1bb-47c6-4796-9623-77dc7371723b": "MS_TEAMS_IW",
    "1f2f344a-700d-42c9-9427-5cea1d5d7ba6": "STREAM",
    "6470687e-a428-4b7a-bef2-8a291ad947c9": "WINDOWS_STORE",
    "726a0894-2c77-4d65-99da-9775ef05aad1": "MICROSOFT_BUSINESS_CENTER",
    "90d8b3f8-712e-4f7b-aa1e-62e7ae6cbe96": "SMB_APPS",
    "8c4ce438-32a7-4ac5-91a6-e22ae08d9c8b": "RIGHTSMANAGEMENT_ADHOC",
    "338148b6-1b11-4102-afb9-f92b6cdc0f8d": "DYN365_ENTERPRISE_P1_IW",
    "9c7bff7a-3715-4da7-88d3-07f57f8d0fb6": "D365_SALES_PRO_IW",
    "61e6bd70-fbdb-4deb-82ea-912842f39431": "DYN365_AI_SERVICE_INSIGHTS",
    "036c2481-aa8a-47cd-ab43-324f0c157c2d": "DYN365_CUSTOMER_INSIGHTS_VIRAL",
    "1e615a51-59db-4807-9957-aa83c3657351": "Dynamics_365_Customer_Service_Enterprise_viral_trial",
    "29fcd665-d8d1-4f34-8eed-3811e3fca7b3": "Dynamics_365_Field_Service_Enterprise_viral_trial",
    "6ec92958-3cc1-49db-95bd-bc6b3798df71": "Dynamics_365_Sales_Premium_Viral_Trial",
    "99cb3f83-fbec-4aa1-8262-9679e6df7c53": "Dynamics_365_Guides_vTrial",
    "556640c0-53ea-4773-907d-29c55332983f": "Microsoft_Cloud_for_Sustainability_vTrial",
    "fcecd1f9-a91e-488d-a918-a96cdb6ce2b0": "AX7_USER_TRIAL",
}
"""Excluded by default: free, viral and self-service trial SKUs, by Microsoft's table of product names."""

_GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class KnownSkus:
    """The SKUs that a configuration may name by part number. ``ids`` holds lower-case SKU ids by upper-case part number."""

    ids: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> KnownSkus:
        """From pairs of SKU id and part number; the free ones are always among them."""
        ids: dict[str, frozenset[str]] = {}
        for sku_id, part_number in (*FREE_SKUS.items(), *pairs):
            ids[part_number.upper()] = ids.get(part_number.upper(), frozenset()) | {sku_id.lower()}
        return cls(ids)

    def find(self, part_number: str) -> frozenset[str]:
        """The SKU ids with this part number: none, one, or (Microsoft has reused some) several."""
        return self.ids.get(part_number.upper(), frozenset())

    def named(self, text: str) -> str:
        """The text with every known SKU id replaced by its part number, for people."""
        return _GUID.sub(lambda found: self._part_numbers.get(found.group(), found.group()), text)

    @cached_property
    def _part_numbers(self) -> Mapping[str, str]:
        return {sku_id: part_number for part_number, ids in self.ids.items() for sku_id in ids}
