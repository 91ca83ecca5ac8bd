"""The run's digest as a mail: one view, laid out once for HTML (Outlook and phones) and once for plain text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.mail.digest_parts import Digest
from adapters.mail.digest_sections import digest_of
from sync_core.hostile_text import clean
from sync_core.model.reports import RunReport
from sync_core.ports import Mail

if TYPE_CHECKING:
    from jinja2 import Environment

_LONGEST_TEXT = 600


def render(report: RunReport) -> Mail:
    """The digest of a run; sender, recipients and message id are the caller's."""
    digest = digest_of(report)
    subject = clean(f"{digest.title}, {report.run.slot:%Y-%m-%d}: {digest.summary}", 200)
    return Mail("", "", (), subject, _laid_out(digest, "digest.html.jinja"), _laid_out(digest, "digest.txt.jinja"))


def _laid_out(digest: Digest, template: str) -> str:
    return _environment(escape=".html." in template).get_template(template).render(digest=digest)


def _environment(escape: bool) -> Environment:
    """Jinja2, imported only when a mail is made. Every value passes ``clean`` on its way out, so that no template can forget it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=escape, undefined=StrictUndefined, finalize=_harmless, trim_blocks=True, lstrip_blocks=True)


def _harmless(value: Any) -> Any:
    from markupsafe import Markup

    return clean(value, _LONGEST_TEXT) if isinstance(value, str) and not isinstance(value, Markup) else value
