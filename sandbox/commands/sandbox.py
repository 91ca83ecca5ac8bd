"""Serve the simulated Microsoft and PSA until Ctrl-C, so that any client can be tried against them."""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from sandbox.environment import DATA
from sandbox.world import Ports, ServedWorld, seeded_world
from sandbox.world.arguments import add_world_arguments, ports_of
from sync_core.pipeline.wording import number_of

DEFAULT_PORTS = Ports(login=7101, graph=7102, partner_center=7103, psa=7104, control=7105)
_STANDS_FOR = {
    "login": "Microsoft Entra sign-in",
    "graph": "Microsoft Graph",
    "partner_center": "Partner Center",
    "control": "steers it, and shows what was written (sandbox/world/control.py)",
}


def main(arguments: Sequence[str]) -> int:
    """Serve until Ctrl-C; returns the exit code."""
    parser = argparse.ArgumentParser(prog="dev.py sandbox", description=__doc__)
    add_world_arguments(parser, DEFAULT_PORTS)
    options = parser.parse_args(arguments)
    try:
        served = ServedWorld(seeded_world(options.customers, options.seed, psa=options.psa), ports_of(options))
    except OSError as error:
        print(f"A port is taken or not allowed ({error}); choose others with --login-port and the like, 0 for a free one.", file=sys.stderr)
        return 1
    with served:
        print(text(served, write_files(served, DATA / "sandbox")), flush=True)
        try:
            while True:
                time.sleep(3600)  # unlike a lock, it lets Ctrl-C through on Windows
        except KeyboardInterrupt:
            print("\nThe sandbox is gone, and all that was written to it.")
    return 0


def write_files(served: ServedWorld, folder: Path) -> dict[str, Path]:
    """Writes the configuration and the app settings, ready for ``dev.py sync`` and ``dev.py run``; returns where they are.

    What the app keeps of the sign-in has a file of its own, which goes with the sandbox: another one would refuse it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {"configuration": folder / "configuration.yaml", "settings": folder / "settings.json"}
    files["configuration"].write_text(served.configuration_yaml, encoding="utf-8")
    secrets = folder / "secrets.json"
    secrets.unlink(missing_ok=True)
    values = {
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "SYNC_SCHEDULE": "0 0 2 * * *",  # the timers name both schedules, and no host starts without them
        "SYNC_SWEEP_SCHEDULE": "0 */5 * * * *",
        "SYNC_ACCESS_SCHEDULE": "0 20 * * * *",
        "SYNC_RETENTION_SCHEDULE": "0 40 3 * * *",
        "SYNC_SECRETS_FILE": str(secrets),
        **served.settings,
    }
    files["settings"].write_text(json.dumps({"IsEncrypted": False, "Values": values}, indent=2), encoding="utf-8")
    return files


def text(served: ServedWorld, files: Mapping[str, Path]) -> str:
    """What a person needs to know: addresses, settings with the made-up secrets, files, and a command to begin with."""
    stands_for = _STANDS_FOR | {books.kind: books.shown for books in served.world.books}
    addresses = {name: url for name, url in asdict(served.urls).items() if name in stands_for} | dict(served.urls.psas)
    urls = [f"  {url:<24}{stands_for[name]}" for name, url in addresses.items()]
    settings = [f"  {name}={value}" for name, value in served.settings.items()]
    paths = [f"  {path}" for path in files.values()]
    begin = f"python3 dev.py sync --settings {files['settings']} --config {files['configuration']}"
    return "\n".join(
        [
            f"A made-up MSP with {number_of(len(served.world.accounts), 'customer')}. Ctrl-C ends it.",
            *("", "Addresses", *urls),
            *("", "App settings (the secrets are the simulators' own, and open nothing)", *settings),
            *("", "Files", *paths),
            *("", "Try it with", f"  {begin}"),
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
