"""What Twilio checks before it accepts a message, in the order in which it complains."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from simulator.twilio.account import Account
from simulator.twilio.errors import ApiError

E164 = re.compile(r"\+[1-9]\d{6,14}")
MOST_CHARACTERS = 1600
VALIDITY_SECONDS = range(1, 36001)

MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MAGIC_SENDER = "+15005550006"


def check(form: Mapping[str, str], account: Account) -> None:
    """Raise what the REST API would answer to this form, or return for a message to accept."""
    to, sender = form.get("To", ""), form.get("From", "")
    _check_presence(form)
    if account.magic_numbers:
        _check_magic(to, sender)
    if not E164.fullmatch(to):
        raise ApiError(21211, to=to)
    if form.get("MessagingServiceSid"):
        _check_service(form["MessagingServiceSid"], account)
    else:
        _check_sender(sender, account)
    _check_options(form, account)


def _check_presence(form: Mapping[str, str]) -> None:
    if not form.get("To"):
        raise ApiError(21604)
    if not form.get("From") and not form.get("MessagingServiceSid"):
        raise ApiError(21603)
    if not form.get("Body"):
        raise ApiError(21602)
    if len(form["Body"]) > MOST_CHARACTERS:
        raise ApiError(21617)


def _check_magic(to: str, sender: str) -> None:
    code = MAGIC_FROM.get(sender) or MAGIC_TO.get(to)
    if code is not None:
        raise ApiError(code, to=to, from_=sender)


def _check_service(sid: str, account: Account) -> None:
    service = account.service(sid)
    if service is None:
        raise ApiError(21701, detail=sid)
    if not service.numbers:
        raise ApiError(21703)


def _check_sender(sender: str, account: Account) -> None:
    if account.magic_numbers and sender == MAGIC_SENDER:
        return
    if not E164.fullmatch(sender):
        raise ApiError(21212, from_=sender)
    if account.number(sender) is None:
        raise ApiError(21606, from_=sender)


def _check_options(form: Mapping[str, str], account: Account) -> None:
    callback = form.get("StatusCallback", "")
    if callback and not _is_reachable_url(callback):
        raise ApiError(21609, detail=callback)
    # Twilio documents the range and not the code of this refusal; any 4xx tells the caller.
    if not _is_within(form.get("ValidityPeriod", "36000"), VALIDITY_SECONDS):
        raise ApiError(20001, detail="ValidityPeriod")
    retention = {"ContentRetention", "AddressRetention"} & form.keys()
    if retention and not account.message_redaction:
        raise ApiError(30029)


def _is_reachable_url(url: str) -> bool:
    """A host name with an underscore is refused by Twilio as well."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme in {"http", "https"} and host != "" and "_" not in host


def _is_within(text: str, allowed: range) -> bool:
    return text.isascii() and text.isdigit() and int(text) in allowed
