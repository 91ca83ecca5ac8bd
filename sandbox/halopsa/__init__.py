"""A strict, stateful simulator of HaloPSA's REST interface, as far as recurring invoices need it, and of what gets billed.

Seed a ledger, put the simulator over it, serve it, and look at the money::

    ledger = Ledger(now=clock)
    invoice = ledger.recurring_invoice(ledger.client("Contoso Ltd"), "Cloud", date(2026, 1, 1))
    ledger.line(invoice, ledger.item("M365-BP", price="22"), 10)
    with serve(HaloPsaSimulator(ledger)) as server:
        ...  # a client writes to server.url
    ledger.invoice_preview(invoice.id, on=date(2026, 4, 1)).total

``GET /_sandbox/`` + ``writes``, ``invoices``, ``previews``, ``limits`` or ``requests`` shows the same to another process.
"""

from sandbox.halopsa.ledger import Ledger
from sandbox.halopsa.simulator import HaloPsaSimulator

__all__ = ["HaloPsaSimulator", "Ledger"]
