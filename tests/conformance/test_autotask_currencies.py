"""The currency of an Autotask contract is that of its company, unless the connection's settings name one for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sandbox.autotask import AutotaskSimulator
from sandbox.autotask.access import Access
from sandbox.faults import Effect, Fault
from sandbox.web import serve
from sync_core.errors import InvalidConfiguration, StopRun
from tests.conformance.autotask_subject import autotask, autotask_books


class Site:
    """A site that bills Contoso in its own currency, and Fabrikam in euro."""

    def __init__(self) -> None:
        self.access, self.ledger = Access(), autotask_books()
        self.simulator = AutotaskSimulator(self.ledger, self.access)
        self.ledger.companies[2] = replace(self.ledger.companies[2], currency="EUR")
        self.ledger.contract(self.ledger.companies[2], "Cloud", self.ledger.contracts[1].start)
        self.url = ""

    def currencies(self, currency: str = "") -> list[str]:
        """Those of all contracts that bill, by id."""
        psa = autotask(self.url, self.access, {"currency": currency})
        return [head.currency for head in sorted(psa.read_headers(None), key=lambda head: head.agreement_id)]

    def queries(self, entity: str) -> int:
        return self.simulator.limits.calls[entity]


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    with serve(site.simulator) as server:
        site.url = server.url
        yield site


def test_each_contract_has_the_currency_of_its_company(site: Site) -> None:
    assert site.currencies() == ["USD", "EUR"]


def test_a_currency_that_the_settings_name_holds_for_all_and_nothing_is_asked(site: Site) -> None:
    assert site.currencies("GBP") == ["GBP", "GBP"]
    assert (site.queries("Currencies"), site.queries("Companies")) == (0, 0)


def test_one_contract_read_by_its_id_has_the_same_currency_and_asks_no_more(site: Site) -> None:
    psa = autotask(site.url, site.access, {"currency": ""})
    assert [psa.read_headers([number])[0].currency for number in ("1", "3", "1", "3")] == ["USD", "EUR", "USD", "EUR"]
    assert (site.queries("Currencies"), site.queries("Companies")) == (1, 1)


def test_a_site_that_does_not_show_its_currencies_is_never_guessed_at(site: Site) -> None:
    site.access.hidden.add("Currencies")
    with pytest.raises(InvalidConfiguration, match="currency"):
        site.currencies()


def test_the_health_check_says_that_currencies_are_hidden_where_they_are_needed(site: Site) -> None:
    site.access.hidden.add("Currencies")
    asked, given = (autotask(site.url, site.access, {"currency": currency}).health() for currency in ("", "USD"))
    assert (asked.ok, given.ok) == (False, True)
    assert "query Currencies" in asked.detail and "setting currency" in asked.fix


def test_a_site_without_the_module_is_told_which_setting_to_give(site: Site) -> None:
    site.simulator.faults.add(Fault(Effect.ANSWER, path="/Currencies/query", status=500, body='{"errors": ["The module is not enabled."]}'))
    with pytest.raises(InvalidConfiguration, match="setting currency"):
        site.currencies()


def test_companies_that_are_hidden_are_not_taken_for_payers_in_the_sites_own_currency(site: Site) -> None:
    site.access.hidden.add("Companies")
    with pytest.raises(StopRun, match="may not see Companies"):
        site.currencies()
