"""A strict, stateful simulator of ConnectWise PSA's REST interface and of the invoices that follow from what is written to it."""

from sandbox.connectwise.ledger import Ledger
from sandbox.connectwise.simulator import ConnectWiseSimulator

__all__ = ["ConnectWiseSimulator", "Ledger"]
