"""Signing in by a person, once: in the browser (authorization code with PKCE), or with a code on another device.

Both prove the application as well, with the credential that it later redeems the refresh token with: Microsoft refuses a token that
was got without it (AADSTS700025). The browser's way is the one that Microsoft documents for the Secure Application Model. Unverified:
that Entra takes the application's proof along with a device code; whoever signs in so learns it at once, because nothing is kept
before it was redeemed like at night.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.microsoft.credentials import client_credential, managed_identity_assertion
from adapters.microsoft.login import LoginHttp
from adapters.microsoft.refusals import error_of, sign_in_refusal
from adapters.microsoft.sign_in import WHERE, unusable
from adapters.microsoft.tokens import Token
from sync_core.errors import Rejected, SyncError
from sync_core.model.configuration import Partner
from sync_core.ports import Clock, Secrets

DECLINED = ("authorization_declined", "access_denied")
_PENDING = ("authorization_pending", "slow_down")
_EXPIRED = "expired_token"


@dataclass(frozen=True)
class NewSignIn:
    """What a person's sign-in gave: never shown, and kept by whoever asked for it."""

    refresh_token: str = field(repr=False)
    access: Token


@dataclass(frozen=True)
class InteractiveSignIn:
    """Sign-ins to the partner's own tenant. ``resource`` is the service whose permissions are asked for."""

    partner: Partner
    login: LoginHttp
    secrets: Secrets
    clock: Clock
    resource: str
    sleep: Callable[[float], None]
    assertion: Callable[[str], str] = managed_identity_assertion

    def by_device_code(self, show: Callable[[str], None]) -> NewSignIn:
        """Shows the person where to go with which code, and waits until they have signed in.

        Raises ``SyncError`` when they decline, do not come in time, or are refused.
        """
        client = self._client()
        flow = self._asked(lambda: client.client.initiate_device_flow(scope=[*self._scopes, "openid", "offline_access"]))
        if "user_code" not in flow:
            raise self._refused(flow)
        show(str(flow["message"]))
        ends = self.clock.monotonic() + float(flow["expires_in"])
        answer: Mapping[str, Any] = {"error": _EXPIRED}
        while self.clock.monotonic() < ends:
            self.sleep(float(flow["interval"]))
            flow["latest_attempt_at"] = 0  # MSAL measures the pause by the real clock
            answer = self._asked(lambda: client.client.obtain_token_by_device_flow(flow, exit_condition=lambda _: True))
            if answer.get("error") not in _PENDING:
                break
        if answer.get("error") in (*_PENDING, _EXPIRED):
            raise Rejected("Nobody signed in in time", code="sign-in-not-finished", where=WHERE, fix="Start the sign-in once more")
        return self._taken(answer)

    def by_browser(self, redirect: str, visit: Callable[[str], Mapping[str, str]]) -> NewSignIn:
        """``visit`` leads the person to an address and answers with what comes back to ``redirect``.

        Raises ``SyncError`` when they decline or are refused.
        """
        client = self._client()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it would have the code posted; ours goes to this machine, bound to us by PKCE
            flow = client.initiate_auth_code_flow(self._scopes, redirect_uri=redirect, prompt="select_account")
        back = visit(self.login.address(flow["auth_uri"]))
        if "error" in back:
            raise self._refused(back)
        try:
            answer = self._asked(lambda: client.acquire_token_by_auth_code_flow(flow, dict(back)))
        except (RuntimeError, ValueError):
            fix = "Start the sign-in once more"
            raise Rejected("What came back belongs to another sign-in", code="sign-in-not-finished", where=WHERE, fix=fix) from None
        return self._taken(answer)

    @property
    def _scopes(self) -> list[str]:
        return [f"{self.resource}/.default"]

    def _client(self) -> Any:
        from msal import ConfidentialClientApplication

        return self._asked(
            lambda: ConfidentialClientApplication(
                self.partner.application_id,
                client_credential=client_credential(self.partner, self.secrets, self.assertion),
                authority=self.login.authority(self.partner.tenant_id),
                http_client=self.login,
                instance_discovery=False,
            )
        )

    def _asked(self, ask: Callable[[], Any]) -> Any:
        from jwt import PyJWTError

        try:
            return ask()
        except (json.JSONDecodeError, PyJWTError) as error:
            raise unusable(error) from None

    def _taken(self, answer: Mapping[str, Any]) -> NewSignIn:
        if "access_token" not in answer or "refresh_token" not in answer:
            raise self._refused(answer)
        return NewSignIn(str(answer["refresh_token"]), Token(str(answer["access_token"]), self.clock.now()))

    def _refused(self, answer: Mapping[str, Any]) -> SyncError:
        if answer.get("error") in DECLINED:
            return Rejected("The person declined to sign in", code="sign-in-not-finished", where=WHERE, fix="Start the sign-in once more")
        return error_of(sign_in_refusal(answer), WHERE, at_partner=True)
