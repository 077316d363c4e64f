"""One frozen Settings, read from the environment; every fault is named at once, secrets hidden."""

from __future__ import annotations

import re
from contextlib import suppress
from email.headerregistry import Address
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from gateway.carriers import OurLine
from gateway.mail.addresses import EmailAddressInvalid, sender
from gateway.mail.servers import MailServer, MailServerInvalid, trust
from gateway.mail.sources import FolderInvalid, checked
from gateway.redis_address import RedisAddress
from gateway.seal import InvalidKey, Seal

DEFAULT_DATABASE_URL = "sqlite:///var/resetline.db"


class SettingsInvalid(Exception):
    """The environment lacks a setting or holds a bad one; the text names each and what to do."""


def _comma_separated(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _usable_keys(keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if not keys:
        raise ValueError("make one with `resetline keys new`")
    try:
        Seal(keys)
    except InvalidKey as error:
        raise ValueError(str(error)) from None
    return keys


def _database_url(value: str) -> str:
    """One driver for each database. Hosting platforms write `postgres://` and mean PostgreSQL.

    Of several hosts only a primary will do: a standby would let us read and refuse to keep.
    """
    try:
        url = make_url(value)
    except ArgumentError:
        raise ValueError(f"give a URL such as {DEFAULT_DATABASE_URL}") from None
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise ValueError("it must begin with sqlite:/// or postgresql+psycopg://")
    if isinstance(url.query.get("host"), tuple) and "target_session_attrs" not in url.query:
        url = url.update_query_dict({"target_session_attrs": "read-write"})
    return url.render_as_string(hide_password=False)


def _base_url(value: str) -> str:
    """Keep scheme, host, port and path. Twilio's `#rc=…` overrides are not part of a signature."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and parts.hostname and not parts.query
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("give a base URL such as https://reset.example.com")
    if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise ValueError("it must begin with https:// (plain http only on this machine)")
    return value.split("#")[0].rstrip("/")


def _redis_url(value: str) -> str:
    RedisAddress.of(value)
    return value


def _smtp_url(value: SecretStr) -> SecretStr:
    if url := value.get_secret_value():
        try:
            MailServer.parse(url)
        except MailServerInvalid as error:
            raise ValueError(str(error)) from None
    return value


def _mail_from(value: str) -> str:
    if value:
        try:
            sender(value)
        except EmailAddressInvalid as error:
            raise ValueError(str(error)) from None
    return value


def _ca_file(value: str) -> str:
    if value:
        try:
            trust(value)
        except MailServerInvalid as error:
            raise ValueError(str(error)) from None
    return value


def _templates_dir(value: str) -> str:
    """Only that it is there: a slip in a template is told by the doctor, and stops nobody."""
    if value:
        try:
            checked(value)
        except FolderInvalid as error:
            raise ValueError(str(error)) from None
    return value


def _our_numbers(numbers: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_OUR_NUMBER.fullmatch(number) for number in numbers):
        raise ValueError("write +14155550100; a short code works only inside a Messaging Service")
    return numbers


def _public_number(number: str) -> str:
    if number and not _OUR_NUMBER.fullmatch(number):
        raise ValueError("write the number that people text as +14155550100")
    return number


def _services(sids: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_SERVICE.fullmatch(sid) for sid in sids):
        raise ValueError("a Messaging Service's SID is MG and 32 hexadecimal digits")
    return sids


_OUR_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_BaseUrl = Annotated[str, AfterValidator(_base_url)]
_Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_comma_separated)]
_Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)]


class DatabaseSettings(BaseSettings):
    """What a command needs that asks the database for nothing secret."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )

    database_url: Annotated[str, AfterValidator(_database_url), Field(repr=False)] = (
        DEFAULT_DATABASE_URL
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"

    @classmethod
    def from_environment(cls) -> Self:
        """Read the environment. Raises SettingsInvalid with everything that is wrong, at once."""
        try:
            return cls()
        except ValidationError as error:
            raise SettingsInvalid(_in_plain_words(error)) from None


class StorageSettings(DatabaseSettings):
    """What a command needs that seals or opens secrets."""

    secret_keys: Annotated[_Secrets, AfterValidator(_usable_keys)]


class WordingSettings(DatabaseSettings):
    """What a command needs that shows what mails say."""

    templates_dir: Annotated[str, AfterValidator(_templates_dir)] = ""


class MailSettings(DatabaseSettings):
    """What a command needs that has mails sent."""

    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] = SecretStr("")


class Settings(StorageSettings, WordingSettings, MailSettings):
    """What an operator decides. Names, defaults and meanings are listed in docs/operating.md."""

    redis_url: Annotated[str, AfterValidator(_redis_url), Field(repr=False)] = (
        "redis://127.0.0.1:6379/0"
    )
    public_url: _BaseUrl
    twilio_account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    twilio_auth_token: Annotated[_Secrets, Field(min_length=1)]
    twilio_api_key: str = ""
    twilio_api_secret: SecretStr = SecretStr("")
    twilio_from: Annotated[_Texts, AfterValidator(_our_numbers)] = ()
    twilio_messaging_service_sid: Annotated[_Texts, AfterValidator(_services)] = ()
    public_number: Annotated[str, AfterValidator(_public_number)] = ""
    twilio_api_url: _BaseUrl = "https://api.twilio.com"
    twilio_timeout_seconds: Annotated[int, Field(ge=1, le=12)] = 10
    smtp_ca_file: Annotated[str, AfterValidator(_ca_file)] = ""
    mail_from: Annotated[str, AfterValidator(_mail_from)] = ""
    metrics_token: SecretStr = SecretStr("")
    codes_per_day: Annotated[int, Field(ge=0)] = 5000
    texts_per_minute: Annotated[int, Field(ge=1)] = 3000
    changes_per_hour: Annotated[int, Field(ge=0)] = 2000
    answers_per_day: Annotated[int, Field(ge=0)] = 20_000
    opt_out_answers: Literal["twilio", "us"] = "twilio"
    trusted_proxies: Annotated[int, Field(ge=0, le=5)] = 0

    @property
    def our_line(self) -> OurLine:
        """Where texts leave from that nobody asked for by text: a service, where there is one."""
        sender = (*self.twilio_messaging_service_sid, *self.twilio_from)[0]
        return OurLine(sender, self.public_number or next(iter(self.twilio_from), ""))

    @property
    def public_host(self) -> str:
        """The host that pages are on, for browsers that fill in codes by it (WebOTP)."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def mail_sender(self) -> Address:
        """Whom our mail is from: MAIL_FROM, else the user of SMTP_URL, else our own address."""
        if self.mail_from:
            return sender(self.mail_from)
        with suppress(EmailAddressInvalid, MailServerInvalid):
            return sender(MailServer.parse(self.smtp_url.get_secret_value()).user)
        try:
            return sender(f"resetline@{urlsplit(self.public_url).hostname}")
        except EmailAddressInvalid:
            return sender("resetline@localhost")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not (self.twilio_from or self.twilio_messaging_service_sid):
            raise ValueError("set TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID")
        if bool(self.twilio_api_key) != bool(self.twilio_api_secret.get_secret_value()):
            raise ValueError("TWILIO_API_KEY and TWILIO_API_SECRET belong together")
        return self


def _in_plain_words(error: ValidationError) -> str:
    missing = [str(e["loc"][0]).upper() for e in error.errors() if e["type"] == "missing"]
    wrong = [
        f"{'.'.join(str(part) for part in e['loc'][:1]).upper() or 'settings'}: "
        f"{e['msg'].removeprefix('Value error, ')}"
        for e in error.errors(include_input=False, include_url=False)
        if e["type"] != "missing"
    ]
    if missing:
        wrong.insert(0, "missing: " + ", ".join(missing))
    return "these settings need attention (docs/operating.md explains each): " + "; ".join(wrong)
