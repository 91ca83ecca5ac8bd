"""Every failure, by what the caller does about it.

    SyncError
     ├─ RetryLater            try again after a delay
     │   └─ Throttled         the vendor asked us to wait
     ├─ SkipCustomer          this customer cannot be done now; the others go on
     ├─ StopRun               nobody can be done: the partner's own sign-in or key fails
     ├─ Rejected              our request is wrong; sending it again changes nothing
     ├─ OutcomeUnknown        a write may or may not have happened: probe, never repeat blindly
     ├─ Conflict              somebody else moved first: read again
     └─ InvalidConfiguration  a setting or the configuration is wrong

Each says what happened, where, why and what to do, and never carries a secret or a person's data.
"""

from __future__ import annotations

ANSWER_OF_ANOTHER_TENANT = "answer-of-another-tenant"
"""The code of an answer that belongs to another tenant than was asked for: the run that meets it stops writing."""


class SyncError(Exception):
    """What went wrong in words for people. ``code`` is stable and is what documents and alerts refer to."""

    def __init__(self, what: str, *, code: str = "", where: str = "", why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.code = code or type(self).__name__
        self.where = where
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        """One line: where, what, why and the fix."""
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        parts += [part for part in (self.why, self.fix) if part]
        return " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts)


class RetryLater(SyncError):
    """Passing trouble: the same request may be sent again after ``delay`` seconds."""

    def __init__(self, what: str, *, delay: float, code: str = "", where: str = "", why: str = "", fix: str = "") -> None:
        super().__init__(what, code=code, where=where, why=why, fix=fix)
        self.delay = delay


class Throttled(RetryLater):
    """The vendor refused the request unprocessed and named (or we chose) the time to wait."""


class SkipCustomer(SyncError):
    """This customer cannot be read or written; ``fix`` says what a person does about it."""


class StopRun(SyncError):
    """No customer can be done until a person acts: the partner's refresh token, app secret or PSA key."""


class Rejected(SyncError):
    """The other side understood the request and refuses it; nothing was written."""


class OutcomeUnknown(SyncError):
    """A write was sent and its answer is missing or says nothing: it may have happened, or may still happen."""


class Conflict(SyncError):
    """The row was changed or made by somebody else since it was read."""


class InvalidConfiguration(SyncError):
    """A setting or a part of the configuration is wrong; names the field, the value and the fix."""
