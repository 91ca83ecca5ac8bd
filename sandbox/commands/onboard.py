"""Get access, step by step: app registration, sign-in, GDAP roles, consent, PSA keys; ends with a table of what is ready."""

from __future__ import annotations

import argparse
import json
import sys
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

from adapters.wiring import context_from, secrets_from
from sandbox.argument_types import new_file
from sandbox.environment import DATA
from sandbox.host.configuration import ConfigurationError
from sandbox.local_storage import add_settings, settings_from, with_storage
from sandbox.onboarding.answers import Answers, Asked, Written
from sandbox.onboarding.session import Session
from sandbox.onboarding.starter import Starter
from sandbox.onboarding.steps import STEPS, document, ready, run, show
from sandbox.operator import graph_token
from sandbox.terminal import Terminal
from sync_core.errors import SyncError
from sync_core.model.licences import Source
from sync_core.settings import Settings

_PEOPLE = "AzureWebJobsStorage__credential"


def main(
    arguments: Sequence[str],
    operator_token: Callable[[str], str] = graph_token,
    open_browser: Callable[[str], object] = webbrowser.open,
    sleep: Callable[[float], None] | None = None,
) -> int:
    """Runs the steps; returns 0 when all is ready, 1 when something is left to do. The other parameters are a test's own person."""
    options = _parser().parse_args(arguments)
    terminal = Terminal(sys.stdout)
    try:
        settings = settings_from(options.settings)
        settings.setdefault("SYNC_SECRETS_FILE", str(DATA / "secrets.json"))
        settings.setdefault("SYNC_INSTALLATION", "local")
        with with_storage(settings) as kept:
            session = _session(options, kept, terminal, operator_token, open_browser)
            if sleep is not None:
                session.sleep = sleep
            lines = run(session, options.step)
            show(lines, session, terminal)
    except (SyncError, ConfigurationError) as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("\nStopped. What was done stays done; run it again to go on.", file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(json.dumps(document(lines), indent=2), encoding="utf-8")
    return 0 if ready(lines) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py onboard", description=__doc__)
    add_settings(parser)
    parser.add_argument("--starter", type=Path, default=Path("starter.yaml"), help="the file with partner and connections (default: starter.yaml)")
    parser.add_argument("--step", action="append", choices=list(STEPS), default=[], help="only this step; may be given more than once")
    parser.add_argument("--check", action="store_true", help="only look: nothing is made, stored or asked")
    parser.add_argument("--answers", type=Path, help="a YAML file with the answers, instead of asking")
    parser.add_argument("--yes", action="store_true", help="do whatever would be asked about")
    parser.add_argument("--customer", action="append", default=[], metavar="TENANT", help="only this customer; may be given more than once")
    parser.add_argument("--also-read", action="append", type=Source, choices=list(Source), default=[], help="what custom licences will look at, too")
    parser.add_argument("--redirect-port", type=int, default=8400, help="where the browser comes back to on this machine (default: 8400)")
    parser.add_argument("--json", type=new_file, help="write the readiness table as JSON")
    return parser


def _session(
    options: argparse.Namespace,
    settings: dict[str, str],
    terminal: Terminal,
    operator_token: Callable[[str], str],
    open_browser: Callable[[str], object],
) -> Session:
    """The session for these options. The vault is opened as the person at this machine."""
    context, parsed = context_from(settings), Settings.from_environment(settings)
    answers: Answers = Written.read(options.answers, options.yes) if options.answers else Asked(options.yes)
    return Session(
        starter=Starter.read(options.starter),
        settings=parsed,
        secrets=secrets_from(parsed, {**settings, _PEOPLE: "azurecli"}, context.clock),
        store=context.store,
        blobs=context.blobs,
        clock=context.clock,
        answers=answers,
        terminal=terminal,
        operator_token=operator_token,
        open_browser=open_browser,
        look_only=options.check,
        also_read=frozenset(options.also_read),
        only_customers=options.customer,
        redirect_port=options.redirect_port,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
