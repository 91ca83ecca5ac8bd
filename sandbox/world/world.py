"""A whole MSP, seeded: its customers at Microsoft and in the PSA, its configuration, and what a night over it must come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.environment_secrets import variable
from sandbox.connectwise import ConnectWiseSimulator, Ledger
from sandbox.microsoft.directory import Directory
from sandbox.microsoft.simulator import MicrosoftSimulator, utc_now
from sandbox.world.books import Books, ConnectWiseBooks, books_of
from sandbox.world.configuration import CREDENTIAL_SECRET, REFRESH_TOKEN_SECRET, configuration_yaml
from sandbox.world.customers import FIRST_CUSTOMERS
from sandbox.world.generated import generated_customer
from sandbox.world.msp import Account, Msp
from sandbox.world.promises import Promise


class WorldClock:
    """A clock (aware, UTC) that goes as ``now`` does and can be put forward: both simulators live by it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._ahead = timedelta(0)

    def __call__(self) -> datetime:
        return self._now() + self._ahead

    def forward(self, time: timedelta) -> None:
        """Puts it forward by so much; it never goes back (raises ``ValueError``)."""
        if time < timedelta(0):
            raise ValueError("the clock never goes back")
        self._ahead += time

    def set(self, moment: datetime) -> None:
        """Puts it forward to an aware moment; raises ``ValueError`` for an earlier one and for one without a zone."""
        if moment.tzinfo is None:
            raise ValueError("the moment needs a zone, such as +00:00")
        self.forward(moment - self())


@dataclass(frozen=True)
class World:
    """All simulators over one set of customers. ``refresh_token`` is what the partner's service user got when it signed in."""

    clock: WorldClock
    microsoft: MicrosoftSimulator
    books: tuple[Books, ...]
    accounts: tuple[Account, ...]
    refresh_token: str

    @property
    def directory(self) -> Directory:
        """What Microsoft knows."""
        return self.microsoft.directory

    @property
    def connectwise(self) -> ConnectWiseSimulator:
        """The simulated ConnectWise; raises ``LookupError`` in a world without one."""
        return self._connectwise.simulator

    @property
    def ledger(self) -> Ledger:
        """ConnectWise's books; raises ``LookupError`` in a world without them."""
        return self._connectwise.ledger

    @property
    def _connectwise(self) -> ConnectWiseBooks:
        found = next((books for books in self.books if isinstance(books, ConnectWiseBooks)), None)
        if found is None:
            raise LookupError("this world has no ConnectWise")
        return found

    @property
    def promises(self) -> tuple[Promise, ...]:
        """What a first night must come to, in the order of the configuration."""
        return tuple(account.promise for account in self.accounts)

    @property
    def secrets(self) -> dict[str, str]:
        """The simulators' made-up secrets by the environment variables that the app reads them from."""
        named = {
            CREDENTIAL_SECRET: self.directory.client_secret,
            REFRESH_TOKEN_SECRET: self.refresh_token,
            **{name: value for books in self.books for name, value in books.secrets.items()},
        }
        return {variable(name): value for name, value in named.items()}

    def configuration_yaml(self, psa_urls: Mapping[str, str]) -> str:
        """The configuration file for the PSAs at these addresses, by kind."""
        return configuration_yaml(self.directory, self.books, psa_urls, self.accounts)

    def account(self, name: str) -> Account:
        """A customer by its name in the configuration; raises ``KeyError``."""
        return {account.name: account for account in self.accounts}[name]

    def next_day(self) -> None:
        """A day goes by in which nothing happens."""
        self.clock.forward(timedelta(days=1))


def seeded_world(customers: int = len(FIRST_CUSTOMERS), seed: int = 0, now: Callable[[], datetime] = utc_now, psa: str = "connectwise") -> World:
    """The world of that many customers: the first twelve are written by hand, the others generated from ``seed``.

    ``now`` gives aware UTC times. Agreements and dates are laid around its first answer, so a world is always of today; the
    same seed on the same day makes the same world. ``psa`` is one of ``sandbox.world.books.CHOICES``. Raises ``ValueError`` for no
    customers and for another PSA.
    """
    if customers < 1:
        raise ValueError("a world has at least one customer")
    clock = WorldClock(now)
    directory = Directory.of_partner("Relecloud Managed IT", "relecloud.example")
    books = books_of(psa, clock)
    msp = Msp(directory, books, clock())
    first = [make(msp) for make in FIRST_CUSTOMERS[:customers]]
    generated = [generated_customer(msp, number, seed) for number in range(len(first) + 1, customers + 1)]
    for each in books:
        each.open_for_business()
    microsoft = MicrosoftSimulator(directory, seed, clock)
    return World(clock, microsoft, books, (*first, *generated), microsoft.sign_in())
