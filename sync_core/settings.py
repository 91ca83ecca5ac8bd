"""App settings: environment variables, parsed once into a typed value, each with a clear message when it is wrong.

Every setting stands once, as a member of ``Settings``: its name is ``SYNC_`` and the member's name in capitals. Storage is not
here; the Functions host reads ``AzureWebJobsStorage`` itself.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from sync_core.errors import InvalidConfiguration
from sync_core.model.customers import Mode
from sync_core.schedule import ScheduleError, parse_schedule
from sync_core.web_addresses import address_fault

Choice = TypeVar("Choice", bound=StrEnum)

PREFIX = "SYNC_"
RESOLVE = "Check that the app's identity may read the secret and that the reference names it correctly (Azure portal: Environment variables)"
"""What a person does about a Key Vault reference that Azure did not resolve."""


class Telemetry(StrEnum):
    """Where metrics go."""

    LOGS = "logs"
    OPENTELEMETRY = "opentelemetry"
    """To an OpenTelemetry collector, beside the log."""


@dataclass(frozen=True)
class Setting:
    """One setting as people meet it. ``default`` ``None`` means that it must be set; ``parse`` raises ``ValueError`` with the fix."""

    name: str
    default: str | None
    sentence: str
    parse: Callable[[str], Any]


def _setting(default: str | None, parse: Callable[[str], Any], sentence: str) -> Any:
    return dataclasses.field(metadata={"default": default, "parse": parse, "sentence": sentence})


def _url(text: str) -> str:
    if fault := address_fault(text):
        raise ValueError(f"It {fault}. Give the base URL, such as https://graph.microsoft.com")
    return text.rstrip("/")


def _optional_url(text: str) -> str:
    return _url(text) if text else ""


def _file_url(text: str) -> str:
    if fault := address_fault(text):
        raise ValueError(f"It {fault}. Give the URL of the CSV file")
    return text


def _schedule(text: str) -> str:
    try:
        parse_schedule(text)
    except ScheduleError as error:
        raise ValueError(str(error)) from error
    return text


def _seconds(text: str) -> float:
    return float(_whole(text))


def _whole(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise ValueError("Give a whole number from 1 to 999999")
    return int(text)


def _days(text: str) -> int:
    if not re.fullmatch(r"[1-9]|[12][0-9]|3[01]", text):
        raise ValueError("Give a whole number of days from 1 to 31")
    return int(text)


def _optional_seconds(text: str) -> float | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text):
        raise ValueError("Give seconds, such as 120, or leave it empty")
    return float(text)


def _installation(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]{3,6}", text):
        raise ValueError("Give 3 to 6 lower-case letters or digits, such as mspa1, and never change it")
    return text


def _mode(text: str) -> Mode:
    return _one_of(Mode, text)


def _telemetry(text: str) -> Telemetry:
    return _one_of(Telemetry, text)


def _one_of(choices: type[Choice], text: str) -> Choice:
    try:
        return choices(text)
    except ValueError as error:
        raise ValueError(f"Give one of {', '.join(choices)}") from error


@dataclass(frozen=True)
class Settings:
    """All settings of the app. ``settle_seconds`` ``None`` leaves the settle time to each PSA."""

    login_url: str = _setting(
        "https://login.microsoftonline.com", _url, "Where Microsoft signs us in. Change it for a national cloud or the sandbox."
    )
    graph_url: str = _setting("https://graph.microsoft.com", _url, "Base URL of Microsoft Graph.")
    partner_center_url: str = _setting("https://api.partnercenter.microsoft.com", _url, "Base URL of the Partner Center API.")
    sku_names_url: str = _setting(
        "https://download.microsoft.com/download/e/3/e/e3e9faf2-f28b-490a-9ada-c6089a1fc5b0/"
        "Product%20names%20and%20service%20plan%20identifiers%20for%20licensing.csv",
        _file_url,
        "Microsoft's CSV of product names, read once a week. Its path changes now and then.",
    )
    key_vault_url: str = _setting("", _optional_url, "The Key Vault that holds the secrets. Empty: secrets are environment variables.")
    installation: str = _setting(
        None, _installation, "Short id of this installation, part of the marker on every PSA line that it makes. Never change it."
    )
    schedule: str = _setting("0 0 2 * * *", _schedule, "When the daily run starts: six fields (second first), in UTC. The host reads it, too.")
    sweep_schedule: str = _setting(
        "0 */5 * * * *", _schedule, "When lost messages and stuck customers are looked for: six fields, in UTC. The host reads it, too."
    )
    access_schedule: str = _setting(
        "0 20 * * * *", _schedule, "When the sign-in is tried and kept fresh, and what ends is looked at: six fields, in UTC. The host reads it, too."
    )
    retention_schedule: str = _setting(
        "0 40 3 * * *", _schedule, "When what has been kept long enough is deleted: six fields, in UTC. The host reads it, too."
    )
    mode_ceiling: Mode = _setting(  # noqa: RUF009  # what it returns is a field
        "automatic", _mode, "No customer goes further than this: observe, approve or automatic."
    )
    telemetry: Telemetry = _setting(  # noqa: RUF009  # what it returns is a field
        "logs", _telemetry, "Where metrics go: logs, or opentelemetry for a collector beside them. The latter needs packages of its own."
    )
    reading_minutes: int = _setting("120", _whole, "After this many minutes a run is released with the customers that were read.")
    verify_days: int = _setting(
        "1", _days, "Where nothing has changed, a customer's lines in the PSA are read only every so many days, 1 to 31. 1: every night."
    )
    names_months: int = _setting("13", _whole, "For so many months it is kept who was counted and named.")
    numbers_years: int = _setting("7", _whole, "For so many years counts, plans, decisions, writes and runs are kept.")
    wait_limit_minutes: int = _setting("180", _whole, "How long a message may be put back before its customer fails with the reason.")
    retry_seconds: float = _setting("30", _seconds, "First delay, in seconds, when a message is put back; it doubles from there.")
    send_window_seconds: float = _setting("10", _seconds, "How long after its journal row a PSA write may still be sent, in seconds.")
    write_deadline_seconds: float = _setting("30", _seconds, "Total deadline of one PSA write, connect to last byte, in seconds.")
    settle_seconds: float | None = _setting(
        "", _optional_seconds, "How long after its deadline a lost write may still happen, in seconds. Empty: what each PSA is known for."
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Reads all settings.

        Raises:
            InvalidConfiguration: names every setting that is wrong, its value and the fix.
        """
        values: dict[str, Any] = {}
        faults: list[InvalidConfiguration] = []
        for item, setting in zip(dataclasses.fields(cls), settings(), strict=True):
            try:
                values[item.name] = _read(setting, environ)
            except InvalidConfiguration as fault:
                faults.append(fault)
        if len(faults) == 1:
            raise faults[0]
        if faults:
            raise InvalidConfiguration("\n".join(map(str, faults)), code="invalid-setting")
        return cls(**values)


def settings() -> tuple[Setting, ...]:
    """Every setting, in the order of ``Settings``."""
    return tuple(
        Setting(PREFIX + item.name.upper(), item.metadata["default"], item.metadata["sentence"], item.metadata["parse"])
        for item in dataclasses.fields(Settings)
    )


def is_unresolved(text: str) -> bool:
    """Whether a variable holds a Key Vault reference where Azure would have put the secret."""
    return text.strip().lower().startswith("@microsoft.keyvault(")


def _read(setting: Setting, environ: Mapping[str, str]) -> Any:
    text = environ.get(setting.name, "").strip() or setting.default
    if text is None:
        raise _fault(setting, "is not set", setting.sentence)
    if is_unresolved(text):
        raise _fault(setting, "is a Key Vault reference that Azure did not resolve", RESOLVE)
    try:
        return setting.parse(text)
    except ValueError as error:
        raise _fault(setting, f"is {_shown(text)}", str(error)) from error


def _fault(setting: Setting, what: str, fix: str) -> InvalidConfiguration:
    return InvalidConfiguration(f"The setting {setting.name} {what}", code="invalid-setting", fix=fix)


def _shown(text: str) -> str:
    """The value for people; one that may hold a password or a key is not repeated."""
    secret_like = re.search(r"://[^/]*@|[?&]sig=|key=|secret|password", text, re.IGNORECASE) or len(text) > 200
    return "wrong (its value looks like a secret and is not shown)" if secret_like else ascii(text)
