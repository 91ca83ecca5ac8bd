"""Signing in to tenants: as the partner's service account (its refresh token redeemed at the customer's authority) or as the app itself."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from adapters.microsoft.credentials import client_credential, managed_identity_assertion
from adapters.microsoft.login import LoginHttp
from adapters.microsoft.refresh_token import RefreshToken
from adapters.microsoft.refusals import error_of, sign_in_refusal
from adapters.microsoft.tokens import Token, TokenCache, TokenKey
from sync_core.errors import ANSWER_OF_ANOTHER_TENANT, InvalidConfiguration, RetryLater, SkipCustomer, StopRun, SyncError
from sync_core.model.access import Renewal
from sync_core.model.configuration import Credential, Partner
from sync_core.model.customers import SignIn
from sync_core.ports import Clock, Secrets, Store

WHERE = "Microsoft sign-in"
EARLY = timedelta(minutes=5)
"""How long before its expiry a token is no longer used: one read of a large customer fits in."""
_DOORS = 64
_RENEWABLE = frozenset({"bad-app-credential", "sign-in-expired"})
"""Refusals of what people renew: the application's credential, and the refresh token."""

log = logging.getLogger(__name__)


class SignIns:
    """Gives access tokens. Safe for threads: a tenant's token is asked for once at a time, different tenants' at once."""

    def __init__(
        self,
        partner: Partner,
        login: LoginHttp,
        secrets: Secrets,
        store: Store,
        clock: Clock,
        cache: TokenCache | None = None,
        assertion: Callable[[str], str] = managed_identity_assertion,
    ) -> None:
        """``assertion`` gives a managed identity's token by its client id."""
        self._partner = partner
        self._login = login
        self._clock = clock
        self._cache = cache or TokenCache()
        self._secrets = secrets
        self._assertion = assertion
        self._refresh_token = RefreshToken(secrets, store, clock, partner.refresh_token_secret, partner.tenant_id)
        self._doors = [threading.Lock() for _ in range(_DOORS)]

    def token(self, key: TokenKey) -> str:
        """An access token of exactly that tenant.

        Raises:
            SkipCustomer: the tenant refuses us, or the token is another tenant's (code ``answer-of-another-tenant``).
            StopRun: the partner's own sign-in does not work.
            RetryLater: passing trouble.
        """
        with self._doors[hash(key.tenant_id) % _DOORS]:
            token = self._cache.get(key, self._clock.now())
            if token is None:
                token = self._signed_in(key)
                self._cache.put(key, token)
        if token.tenant_id != key.tenant_id.lower():
            self.forget(key)
            raise another_tenant("The access token")
        self._renew_when_due(key)
        return token.value

    def own_credential(self) -> str:
        """The application's secret or certificate, as it is used at this moment; raises ``InvalidConfiguration``."""
        return self._secrets.get(self._partner.credential_secret)

    def forget(self, key: TokenKey) -> None:
        """Drops a token that a service refused or that answered for another tenant."""
        self._cache.drop(key)

    def renew(self, resource: str) -> Renewal:
        """Signs in to the partner's own tenant, whatever is in memory, and keeps the newest refresh token when that is due.

        Raises what ``token`` raises; a refresh token that could not be stored is part of the answer.
        """
        key = TokenKey(self._partner.tenant_id, own_sign_in(self._partner), resource)
        if key.sign_in is SignIn.APPLICATION:
            self.forget(key)
            self.token(key)
            return Renewal()
        redeemed = self._refresh_token.current(fresh=True)
        answer = self._redeem(key, redeemed)
        token = self._token(answer)
        if token.tenant_id != self._partner.tenant_id.lower():
            raise another_tenant("The access token")
        self._cache.put(key, token)
        return Renewal(token.mfa, self._kept(redeemed, answer))

    def _kept(self, redeemed: str, answer: Mapping[str, Any]) -> SyncError | None:
        try:
            if self._refresh_token.old():
                self._refresh_token.write_back(redeemed, str(answer["refresh_token"]))
        except SyncError as error:
            return error
        except KeyError:
            return RetryLater("Microsoft gave no new refresh token", delay=60.0, code="sign-in-busy", where=WHERE)
        return None

    def _signed_in(self, key: TokenKey) -> Token:
        """A new token; asked for once more where what was refused has been changed since: a secret that is renewed fails nobody."""
        used = self._used()
        try:
            return self._asked_for(key)
        except StopRun as error:
            if error.code not in _RENEWABLE or self._used(fresh=True) == used:
                raise
            return self._asked_for(key)

    def _used(self, fresh: bool = False) -> list[str]:
        names = [self._partner.refresh_token_secret] if self._partner.refresh_token_secret else []
        if self._partner.credential is not Credential.MANAGED_IDENTITY:
            names.append(self._partner.credential_secret)
        try:
            return [self._secrets.get(name, fresh) for name in names]
        except InvalidConfiguration:
            return []

    def _asked_for(self, key: TokenKey) -> Token:
        if key.sign_in is SignIn.DELEGATED:
            answer = self._redeem(key, self._delegated_token())
        else:
            answer = self._ask(key, lambda client, scopes: client.acquire_token_for_client(scopes))
        return self._token(answer)

    def _token(self, answer: Mapping[str, Any]) -> Token:
        return Token(answer["access_token"], self._clock.now() + timedelta(seconds=int(answer.get("expires_in") or 0)) - EARLY)

    def _redeem(self, key: TokenKey, refresh_token: str) -> Mapping[str, Any]:
        return self._ask(key, lambda client, scopes: client.acquire_token_by_refresh_token(refresh_token, scopes))

    def _renew_when_due(self, key: TokenKey) -> None:
        """Redeems at the partner's own authority and keeps the successor, once in a few days. A failure can wait, and never fails a customer."""
        if key.sign_in is not SignIn.DELEGATED:
            return
        try:
            if self._refresh_token.due():
                redeemed = self._refresh_token.current()
                answer = self._redeem(TokenKey(self._partner.tenant_id, SignIn.DELEGATED, key.resource), redeemed)
                self._refresh_token.write_back(redeemed, str(answer["refresh_token"]))
        except (SyncError, KeyError) as error:
            log.warning("The newest refresh token could not be kept; it is tried again within the hour. %s", error)

    def _delegated_token(self) -> str:
        if not self._partner.refresh_token_secret:
            raise InvalidConfiguration(
                "A customer is configured for the delegated sign-in, and the partner has no refresh token", where=WHERE, fix="Configure the secret"
            )
        return self._refresh_token.current()

    def _ask(self, key: TokenKey, acquire: Callable[[Any, list[str]], Mapping[str, Any]]) -> Mapping[str, Any]:
        """One request of a client of MSAL made for it: MSAL keeps what it was told in a client, and we keep tokens ourselves."""
        from jwt import PyJWTError
        from msal import ConfidentialClientApplication

        credential = client_credential(self._partner, self._secrets, self._assertion)
        try:
            client = ConfidentialClientApplication(
                self._partner.application_id,
                client_credential=credential,
                authority=self._login.authority(key.tenant_id),
                http_client=self._login,
                instance_discovery=False,
            )
            answer = acquire(client, [f"{key.resource}/.default"])
        except (ValueError, PyJWTError) as error:
            raise unusable(error) from None
        if "access_token" not in answer:
            raise self._refused(key, answer)
        return answer

    def _refused(self, key: TokenKey, answer: Mapping[str, Any]) -> SyncError:
        return error_of(sign_in_refusal(answer), WHERE, at_partner=key.tenant_id == self._partner.tenant_id)


def own_sign_in(partner: Partner) -> SignIn:
    """How to sign in to the partner's own tenant: as the service account where there is one."""
    return SignIn.DELEGATED if partner.refresh_token_secret else SignIn.APPLICATION


def another_tenant(what: str) -> SkipCustomer:
    """The failure after which a run writes nothing any more."""
    return SkipCustomer(
        f"{what} belongs to another tenant than the one asked for",
        code=ANSWER_OF_ANOTHER_TENANT,
        where="Microsoft",
        fix="Nothing is written in this run. Report this; then start the run again.",
    )


def unusable(error: Exception) -> StopRun | RetryLater:
    """The error for what MSAL could not use.

    It fails over an answer that is no JSON, or else over a credential it cannot use; the text may quote either, so it is not shown.
    """
    if isinstance(error, json.JSONDecodeError):
        return RetryLater("The sign-in service answers with something unreadable", delay=60.0, code="sign-in-busy", where=WHERE)
    return StopRun(
        "The application's credential cannot be read",
        code="bad-app-credential",
        where=WHERE,
        fix="The secret of a certificate has to hold private key and certificate in PEM form.",
    )
