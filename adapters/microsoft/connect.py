"""The Microsoft side wired to the real network, for one partner."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.http import Http
from adapters.microsoft.adapter import MicrosoftAdapter
from adapters.microsoft.graph import PUBLIC_GRAPH_URL, GraphService
from adapters.microsoft.login import PUBLIC_LOGIN_URL, LoginHttp
from adapters.microsoft.partner_center import PUBLIC_PARTNER_CENTER_URL, PartnerCenter
from adapters.microsoft.sign_in import SignIns
from adapters.microsoft.sku_names import SKU_NAMES_URL, SkuNames, download
from sync_core.model.configuration import Partner
from sync_core.ports import Blobs, Clock, Secrets, Store


def graph_service(
    partner: Partner, secrets: Secrets, store: Store, clock: Clock, *, login_url: str = PUBLIC_LOGIN_URL, graph_url: str = PUBLIC_GRAPH_URL
) -> GraphService:
    """Graph for every tenant of the partner, with one memory of tokens: keep it as long as the process lives.

    The addresses are base URLs without a path, https or on this machine; raises ``InvalidConfiguration`` otherwise.
    """
    login = LoginHttp(Http("Microsoft sign-in", clock), login_url)
    return GraphService(Http("Microsoft Graph", clock), SignIns(partner, login, secrets, store, clock), clock, graph_url)


def microsoft_adapter(
    partner: Partner,
    graph: GraphService,
    blobs: Blobs,
    *,
    names: Mapping[str, str] | None = None,
    names_url: str = SKU_NAMES_URL,
    partner_center_url: str = PUBLIC_PARTNER_CENTER_URL,
) -> MicrosoftAdapter:
    """The ``Microsoft`` port. ``names`` are the operator's own names by SKU id; ``names_url`` is Microsoft's table of the others."""
    http = Http("Microsoft product names", graph.clock)
    partner_center = PartnerCenter(partner, Http("Partner Center", graph.clock), graph.sign_ins, graph.clock, partner_center_url)
    return MicrosoftAdapter(partner, graph, SkuNames(blobs, graph.clock, lambda: download(http, names_url), names), partner_center)
