"""Configuration files for tests: a small right one, and the ways to read one."""

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_text
from sync_core.configuration.nodes import InvalidFile
from sync_core.configuration.reading import Reading
from sync_core.model.configuration import Configuration

PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
EXCHANGE = "4b9405b0-7788-4568-add1-99614e613b69"
PARTNER = "11111111-1111-4111-8111-111111111111"
FABRIKAM = "44444444-4444-4444-8444-444444444444"
WINGTIP = "66666666-6666-4666-8666-666666666666"

HEAD = f"""\
partner:
  tenant_id: {PARTNER}
  application_id: 22222222-2222-4222-8222-222222222222
connections:
  cw:
    kind: connectwise
    url: https://na.myconnectwise.net
    settings: {{company: contoso, client_id: 77777777-7777-4777-8777-777777777777}}
    secrets: {{public_key: psa-public-key, private_key: psa-private-key}}
profiles:
  Premium:
    product: M365-BP
  Exchange:
    product: EXO-P1
"""

RULES = """\
rules:
  - sku: SPB
    profile: Premium
    agreement: {type: Microsoft 365}
  - sku: EXCHANGESTANDARD
    profile: Exchange
    agreement: {type: Microsoft 365}
"""

CUSTOMERS = f"""\
customers:
  - tenant_id: {FABRIKAM}
    name: Fabrikam
    company: 250
"""

FILE = HEAD + RULES + CUSTOMERS


def read(text: str = FILE) -> Reading:
    """Reads a text that is expected to be right."""
    return read_text(text, known_skus(), "test.yaml")


def configuration(text: str = FILE) -> Configuration:
    """The configuration in a text that is expected to be right."""
    return read(text).configuration


def problems(text: str) -> list[str]:
    """What is wrong with a text; nothing when it is right."""
    try:
        read(text)
    except InvalidFile as error:
        return str(error).splitlines()
    return []
