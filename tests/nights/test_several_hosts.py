"""Several hosts share one night, and what happens to it when one of them dies in the middle of a write."""

import pytest

from tests.nights.chain import Chain
from tests.nights.promises import broken_promises, invoices, promised_invoices, written_twice

SHORT_LEASE = 3
"""Seconds after which the messages of a killed host are seen again."""


def test_two_hosts_share_a_night_and_write_each_line_once(chain: Chain) -> None:
    chain.start_host()
    chain.start_host()
    report = chain.night()
    assert broken_promises(chain, report) == []
    assert chain.writes == chain.promised_writes


@pytest.mark.parametrize("write", [1, 4])
def test_a_host_that_dies_while_a_write_is_under_way_leaves_nothing_undone_and_nothing_doubled(chain: Chain, write: int) -> None:
    """Whose write it is, is left to chance: the killed host's own, or the other one's while it is busy elsewhere."""
    first = chain.start_host(SHORT_LEASE)
    chain.at_write(write, first.kill)
    chain.start_host(SHORT_LEASE)
    report = chain.night()
    assert broken_promises(chain, report) == []
    assert written_twice(chain) == []
    assert invoices(chain.world, chain) == promised_invoices(chain)
