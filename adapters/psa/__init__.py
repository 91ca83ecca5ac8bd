"""The PSAs we can bill in. A new one is a package beside ``connectwise`` and an entry here; the conformance suite says when it is right."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.psa.autotask import KIND as AUTOTASK
from adapters.psa.connectwise import KIND as CONNECTWISE
from adapters.psa.halopsa import KIND as HALOPSA
from adapters.psa.kind import Kind
from sync_core.errors import InvalidConfiguration

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (CONNECTWISE, AUTOTASK, HALOPSA)}
"""Every kind by the name it has in the configuration."""


def kind_named(name: str) -> Kind:
    """The kind of this name; raises ``InvalidConfiguration``."""
    if name not in KINDS:
        raise InvalidConfiguration(f"There is no kind of PSA named '{name}'", fix=f"Use one of: {', '.join(KINDS)}")
    return KINDS[name]
