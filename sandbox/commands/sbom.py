"""Write the software bill of materials of what is deployed (infra/sbom.cdx.json, CycloneDX) from requirements.txt."""

import argparse
import sys
import tomllib
from collections.abc import Sequence

from sandbox.environment import ROOT
from sandbox.supply_chain.bill_of_materials import BILL, bill_of_materials, write_bill
from sandbox.supply_chain.lock import read_lock


def main(arguments: Sequence[str]) -> int:
    """Write the bill, and say whether it is another one than before."""
    argparse.ArgumentParser(prog="dev.py sbom", description=__doc__).parse_args(arguments)
    written = write_bill(bill_of_what_is_deployed())
    print(f"{'Wrote' if written else 'Nothing to change in'} {BILL.relative_to(ROOT)}.")
    return 0


def bill_of_what_is_deployed() -> str:
    """The bill of requirements.txt as it is now."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return bill_of_materials(read_lock((ROOT / "requirements.txt").read_text(encoding="utf-8")), project["name"], project["version"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
