"""A strict, stateful simulator of Autotask's REST interface, as far as recurring service contracts need it, and of what gets billed.

Seed a ledger, put the simulator over it, serve it, and look at the money::

    ledger = Ledger(now=clock)
    contract = ledger.contract(ledger.company("Contoso Ltd"), "Cloud", date(2026, 1, 1))
    ledger.line(contract, ledger.service("M365-BP", price="22"), 10)
    ledger.post(through=date(2026, 3, 31))
    with serve(AutotaskSimulator(ledger)) as server:
        ...  # a client writes to server.url
    ledger.invoice_preview(contract.id).total

``GET /_sandbox/`` + ``writes``, ``invoices``, ``previews``, ``limits`` or ``requests`` shows the same to another process.
"""

from sandbox.autotask.ledger import Ledger
from sandbox.autotask.simulator import AutotaskSimulator

__all__ = ["AutotaskSimulator", "Ledger"]
