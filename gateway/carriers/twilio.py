"""Twilio: the only place that knows its REST client, its error codes and its signatures."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, TypeVar

import requests
from pydantic import SecretStr
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug.datastructures import MultiDict

from gateway.carriers import (
    Accepted,
    CarrierError,
    CarrierMisconfigured,
    RecipientOptedOut,
    SendLater,
    SendRefused,
    SendUnknown,
)
from gateway.settings import Settings

Answer = TypeVar("Answer")

MESSAGE_SID: Final = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")
TWILIO_ITSELF: Final = "https://api.twilio.com"
UNHEARD: Final = logging.Logger("unheard", logging.CRITICAL)  # noqa: LOG001  (nobody may listen)
"""Twilio's client would log the addresses that it calls, and one of them has a number in it."""

NOT_YET_FINAL: Final = 20009
GONE: Final = 20404
NEWEST_LOOKED_AT: Final = 100
"""Of all that went to one number, Twilio's newest first: what is sought is minutes old."""

CODES: Final[dict[int, type[CarrierError]]] = {
    **dict.fromkeys((20429, 20503, 21611, 30001), SendLater),
    **dict.fromkeys((20500, 30500), SendUnknown),
    21610: RecipientOptedOut,
    **dict.fromkeys((21211, 21214, 21217, 21612, 21614, 21635, 30450, 30453), SendRefused),
    **dict.fromkeys((20003, 20404, 21408, 21601, 21602, 21603, 21605), CarrierMisconfigured),
    **dict.fromkeys((21606, 21608, 21609, 21617, 21659, 21701, 21702), CarrierMisconfigured),
    **dict.fromkeys((21703, 21712, 30029, 30032, 30034), CarrierMisconfigured),
}
"""Twilio's error codes that mean something to us. Others are judged by their HTTP status."""


class TwilioCarrier:
    """Sends and redacts. A client is made for each call: it would keep the last body in memory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._callback = settings.public_url + "/twilio/status"
        self._session = requests.Session()

    def send(
        self, sender: str, to: str, body: SecretStr, validity_seconds: int, message_id: int
    ) -> Accepted:
        route = "messaging_service_sid" if sender.startswith("MG") else "from_"
        fields: dict[str, Any] = {
            route: sender,
            "body": body.get_secret_value(),
            "validity_period": validity_seconds,
            "status_callback": f"{self._callback}?message={message_id}",
            "smart_encoded": False,
        }
        message = guarded(lambda: self._client().messages.create(to=to, **fields))
        if not MESSAGE_SID.fullmatch(message.sid or ""):
            raise SendUnknown
        return Accepted(message.sid, str(message.status or "queued"))

    def status(self, sid: str) -> tuple[str, int | None]:
        message = guarded(self._client().messages(sid).fetch)
        return str(message.status), message.error_code

    def redact(self, sid: str) -> None:
        try:
            guarded(lambda: self._client().messages(sid).update(body=""))
        except CarrierMisconfigured as error:
            if error.code != GONE:
                raise
        except SendRefused as error:
            raise (SendLater(error.code) if error.code == NOT_YET_FINAL else error) from None

    def copies(self, sender: str, to: str, since: datetime, until: datetime) -> Collection[str]:
        """One page, with words in it that are not looked at.

        Not asked for by when they were sent: some never were, and are kept all the same.
        A service picks a number that we do not know, so the sender is looked for in the answer.
        """

        def sids() -> Collection[str]:
            wanted = {"To": to, "PageSize": NEWEST_LOOKED_AT}
            texts = _listed(self._client(), "Messages", wanted, "messages")
            return [_sid_of(text) for text in texts if _is_copy(text, sender, since, until)]

        return guarded(sids)

    def _client(self) -> Client:
        return rest_client(self._settings, self._session)


def _is_copy(text: Mapping[str, Any], sender: str, since: datetime, until: datetime) -> bool:
    """Whether a call of the API had it sent from there within this time."""
    route = "messaging_service_sid" if sender.startswith("MG") else "from"
    if text["direction"] != "outbound-api" or text[route] != sender:
        return False
    return since <= parsedate_to_datetime(text["date_created"]) <= until


def _sid_of(text: Mapping[str, Any]) -> str:
    if not MESSAGE_SID.fullmatch(text["sid"]):
        raise ValueError
    return str(text["sid"])


@dataclass(frozen=True, slots=True)
class InboundRoute:
    """Where Twilio sends the texts that come in for one of our numbers or services."""

    url: str
    method: str
    fallback_url: str
    elsewhere: str = ""
    """What takes the place of these, in plain words, where something does."""


class TwilioAccount:
    """What an operator has set up at Twilio, as `resetline doctor` asks for it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session = requests.Session()

    def status(self) -> str:
        """`active`, `suspended` or `closed`. Asked with the auth token, which proves it too."""
        only_token = {"twilio_api_key": "", "twilio_api_secret": SecretStr("")}
        client = rest_client(self._settings.model_copy(update=only_token), self._session)
        return str(guarded(client.api.accounts(self._settings.twilio_account_sid).fetch).status)

    def number(self, number: str) -> InboundRoute | None:
        """None if the account has no such number."""
        found = guarded(lambda: self._numbers(number))
        if not found:
            return None
        application = found[0].get("sms_application_sid")
        return InboundRoute(
            found[0]["sms_url"] or "",
            found[0]["sms_method"] or "",
            found[0]["sms_fallback_url"] or "",
            f"the application {application}" if application else "",
        )

    def service(self, sid: str) -> InboundRoute | None:
        """None if the account has no such Messaging Service."""
        services = rest_client(self._settings, self._session).messaging.v1.services
        try:
            found = guarded(services(sid).fetch)
        except CarrierMisconfigured as error:
            if error.code == GONE:
                return None
            raise
        own = "the webhook of each of its numbers" if found.use_inbound_webhook_on_number else ""
        return InboundRoute(
            found.inbound_request_url or "",
            found.inbound_method or "",
            found.fallback_url or "",
            own,
        )

    def close(self) -> None:
        self._session.close()

    def _numbers(self, number: str) -> list[dict[str, Any]]:
        client = rest_client(self._settings, self._session)
        wanted = {"PhoneNumber": number, "PageSize": 1}
        return _listed(client, "IncomingPhoneNumbers", wanted, "incoming_phone_numbers")


def _listed(
    client: Client, path: str, wanted: Mapping[str, Any], name: str
) -> list[dict[str, Any]]:
    """One page. The client's own lists keep to themselves why Twilio did not answer with one."""
    url = f"{client.api.base_url}/2010-04-01/Accounts/{client.account_sid}/{path}.json"
    answer = client.request("GET", url, params=wanted)
    body = json.loads(answer.text)
    if answer.status_code != 200:
        raise _by_answer(answer.status_code, body.get("code"))
    page: list[dict[str, Any]] = body[name]
    return page


def rest_client(
    settings: Settings, session: requests.Session, timeout_seconds: float | None = None
) -> Client:
    """For one call: it would keep what it sent last in memory."""
    secret = settings.twilio_api_secret if settings.twilio_api_key else _newest(settings)
    http = TwilioHttpClient(
        timeout=timeout_seconds or float(settings.twilio_timeout_seconds), logger=UNHEARD
    )
    http.session = session
    client = Client(
        settings.twilio_api_key or settings.twilio_account_sid,
        secret.get_secret_value(),
        settings.twilio_account_sid,
        http_client=http,
    )
    client.api.base_url = settings.twilio_api_url.rstrip("/")
    if client.api.base_url != TWILIO_ITSELF:
        client.messaging.base_url = client.api.base_url
    return client


def _newest(settings: Settings) -> SecretStr:
    return settings.twilio_auth_token[0]


def guarded(call: Callable[[], Answer]) -> Answer:
    """Run one REST call. Whatever it raises leaves as a CarrierError that names no number."""
    try:
        return call()
    except (TwilioRestException, TwilioServiceException) as error:
        raise _by_answer(int(error.status or 0), _code_of(error)) from None
    except (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError):
        raise SendLater from None
    except requests.exceptions.ConnectionError as error:
        raise (SendLater if _never_connected(error) else SendUnknown) from None
    except (requests.exceptions.RequestException, json.JSONDecodeError, TwilioException):
        raise SendUnknown from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SendUnknown from None  # an answer in a shape that the client cannot read


def _code_of(error: Any) -> int | None:
    code = str(getattr(error, "code", None) or "")
    return int(code) if code.isdigit() else None


def _by_answer(status: int, code: int | None) -> CarrierError:
    """The code where we know it, else the HTTP status: codes may change without notice."""
    if code in CODES:
        return CODES[code](code)
    if status == 429 or status == 503:
        return SendLater(code)
    if status >= 500 or status < 400:
        return SendUnknown(code)
    if status in {401, 403}:
        return CarrierMisconfigured(code)
    return SendRefused(code)


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    """Refused or unresolved: no byte of the text has left."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}


class WebhookSignatures:
    """Proves that a webhook comes from Twilio: over PUBLIC_URL and all parameters as received."""

    def __init__(self, base_url: str, tokens: Sequence[SecretStr]) -> None:
        self._base_url = base_url
        self._validators = [RequestValidator(token.get_secret_value()) for token in tokens]

    def prove(self, path: str, parameters: MultiDict[str, str], signature: str) -> bool:
        """Whether any of the tokens made this signature. Garbage is False, never an error."""
        url = self._base_url + path
        return any(_valid(validator, url, parameters, signature) for validator in self._validators)


def _valid(
    validator: RequestValidator, url: str, parameters: MultiDict[str, str], signature: str
) -> bool:
    try:
        return bool(validator.validate(url, parameters, signature))
    except (ValueError, TypeError, UnicodeError):
        return False
