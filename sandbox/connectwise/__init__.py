"""A strict, stateful simulator of ConnectWise PSA's REST interface and of the invoices that follow from what is written to it.

Seed a ledger, put the simulator over it, serve it, and look at the money::

    ledger = Ledger(now=clock)
    agreement = ledger.agreement(ledger.company("Contoso"), "Cloud", date(2026, 1, 1), prorate=True)
    ledger.addition(agreement, ledger.product("M365-BP", price="22", cost="18"), 10)
    with serve(ConnectWiseSimulator(ledger)) as server:
        ...  # a client writes to server.url
    ledger.invoice_preview(agreement.id, on=date(2026, 4, 1)).total

``GET /_sandbox/`` + ``writes``, ``invoices``, ``previews``, ``limits`` or ``requests`` shows the same to another process.
"""

from sandbox.connectwise.ledger import Ledger
from sandbox.connectwise.simulator import ConnectWiseSimulator

__all__ = ["ConnectWiseSimulator", "Ledger"]
