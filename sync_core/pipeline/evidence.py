"""The raw snapshot behind a customer's counts, kept compressed under a name that says whose and when, written only when it changed."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import replace

from sync_core.documents import to_document
from sync_core.model.billing import CountedItem
from sync_core.model.licences import UsageSnapshot


def evidence_digest(snapshot: UsageSnapshot, items: Sequence[CountedItem]) -> str:
    """A fingerprint of what was read, whenever it was read, and of what it was counted as.

    When people signed in last, which they do every day, is no part of it, unless something is counted by it and comes to another number.
    """
    users = sorted((replace(user, last_sign_in=None) for user in snapshot.users), key=lambda user: user.user_id)
    document = to_document(replace(snapshot, users=tuple(users)))
    del document["read_at"]
    return hashlib.sha256(json.dumps([document, to_document(items)], sort_keys=True).encode()).hexdigest()


def snapshot_name(snapshot: UsageSnapshot, digest: str) -> str:
    """The blob's name: the tenant, the day it was read (UTC) and its fingerprint."""
    return f"snapshots/{snapshot.tenant_id}/{snapshot.read_at:%Y%m%d}-{digest[:16]}.json.z"


def snapshot_content(snapshot: UsageSnapshot) -> bytes:
    """The blob's content: compressed JSON."""
    return zlib.compress(json.dumps(to_document(snapshot), separators=(",", ":")).encode())
