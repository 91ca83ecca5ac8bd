"""Four eyes: whose word counts where two people have to say it."""

from __future__ import annotations

from sync_core.configuration.versions import imported_by
from sync_core.errors import Rejected
from sync_core.model.people import Who
from sync_core.ports import Store

FOUR_EYES = "four-eyes"
ANOTHER = "Ask another person with the role Approver"


def check_eyes(store: Store, by: Who, configuration: int, said_already: bool, where: str) -> None:
    """Raises ``Rejected`` unless it is a verified person, who has not said it yet, and who did not import the configuration that led to it."""
    if not by.verified:
        fix = "Approve over HTTP with Entra ID, or sign in with the Azure CLI to the partner's tenant"
        raise Rejected("Four eyes are asked for, and nobody checked who this is", code=FOUR_EYES, where=where, fix=fix)
    importer = imported_by(store, configuration).casefold()
    if importer in (by.name.casefold(), by.name.casefold().partition("@")[0]):
        raise Rejected("Who imported the configuration cannot approve what it leads to", code=FOUR_EYES, where=where, fix=ANOTHER)
    if said_already:
        raise Rejected("You approved it already, and another person has to", code=FOUR_EYES, where=where, fix=ANOTHER)
