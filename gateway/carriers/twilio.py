"""Twilio: the only place that knows its REST client, its error codes and its signatures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
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
NOT_YET_FINAL: Final = 20009
GONE: Final = 20404

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

    def send(self, sender: str, to: str, body: SecretStr, validity_seconds: int) -> Accepted:
        route = "messaging_service_sid" if sender.startswith("MG") else "from_"
        fields: dict[str, Any] = {
            route: sender,
            "body": body.get_secret_value(),
            "validity_period": validity_seconds,
            "status_callback": self._callback,
            "smart_encoded": False,
        }
        message = _guarded(lambda: self._client().messages.create(to=to, **fields))
        if not MESSAGE_SID.fullmatch(message.sid or ""):
            raise SendUnknown
        return Accepted(message.sid, str(message.status or "queued"))

    def redact(self, sid: str) -> None:
        try:
            _guarded(lambda: self._client().messages(sid).update(body=""))
        except CarrierMisconfigured as error:
            if error.code != GONE:
                raise
        except SendRefused as error:
            raise (SendLater(error.code) if error.code == NOT_YET_FINAL else error) from None

    def _client(self) -> Client:
        settings = self._settings
        secret = settings.twilio_api_secret if settings.twilio_api_key else _newest(settings)
        http = TwilioHttpClient(timeout=float(settings.twilio_timeout_seconds))
        http.session = self._session
        client = Client(
            settings.twilio_api_key or settings.twilio_account_sid,
            secret.get_secret_value(),
            settings.twilio_account_sid,
            http_client=http,
        )
        client.api.base_url = settings.twilio_api_url.rstrip("/")
        return client


def _newest(settings: Settings) -> SecretStr:
    return settings.twilio_auth_token[0]


def _guarded(call: Callable[[], Answer]) -> Answer:
    """Run one REST call. Whatever it raises leaves as a CarrierError that names no number."""
    try:
        return call()
    except (TwilioRestException, TwilioServiceException) as error:
        raise _by_answer(int(error.status or 0), _code_of(error)) from None
    except requests.exceptions.ConnectTimeout:
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
