"""An answer that belongs to another tenant fails its customer and stops every write of the run."""

import pytest

from sync_core.errors import ANSWER_OF_ANOTHER_TENANT
from tests.nights.chain import Chain
from tests.nights.promises import broken_promises, invoices, promised_invoices


@pytest.mark.parametrize("mixed_up", ["answers_as", "token_of"])
def test_a_mix_up_of_tenants_fails_the_customer_and_nothing_of_the_run_is_written(chain: Chain, mixed_up: str) -> None:
    """The next run, with the mix-up gone, does what this one left."""
    conditions = chain.world.account("Northwind Traders").tenant.conditions
    setattr(conditions, mixed_up, chain.tenant_id("Contoso"))
    chain.start_host()
    report = chain.night()
    assert chain.customer(report, "Northwind Traders").customer.code == ANSWER_OF_ANOTHER_TENANT
    assert "another tenant" in report.run.stopped
    assert chain.writes == 0

    setattr(conditions, mixed_up, None)
    assert broken_promises(chain, chain.another_night()) == []
    assert invoices(chain.world, chain) == promised_invoices(chain)
