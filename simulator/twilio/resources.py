"""The resources of the REST API beside messages, and how its lists are cut into pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from simulator.twilio.account import Account, MessagingService, Number
from simulator.twilio.message import API_VERSION, Message, as_json, rfc2822

Query = Mapping[str, str]
MOST_ON_A_PAGE = 1000


def account(own: Account, born: datetime) -> dict[str, Any]:
    uri = f"/{API_VERSION}/Accounts/{own.sid}"
    return {
        "sid": own.sid,
        "owner_account_sid": own.sid,
        "friendly_name": own.friendly_name,
        "status": "active",
        "type": "Full",
        "auth_token": "",
        "date_created": rfc2822(born),
        "date_updated": rfc2822(born),
        "subresource_uris": {
            "messages": f"{uri}/Messages.json",
            "incoming_phone_numbers": f"{uri}/IncomingPhoneNumbers.json",
        },
        "uri": f"{uri}.json",
    }


def incoming_number(own: Account, number: Number, born: datetime) -> dict[str, Any]:
    return {
        "sid": number.sid,
        "account_sid": own.sid,
        "phone_number": number.phone_number,
        "friendly_name": number.phone_number,
        "api_version": API_VERSION,
        "beta": False,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "date_created": rfc2822(born),
        "date_updated": rfc2822(born),
        "origin": "twilio",
        "sms_application_sid": "",
        "sms_url": number.sms_url,
        "sms_method": number.sms_method,
        "sms_fallback_url": number.sms_fallback_url,
        "sms_fallback_method": "POST",
        "status_callback": number.status_callback,
        "status_callback_method": "POST",
        "status": "in-use",
        "type": "local",
        "uri": f"/{API_VERSION}/Accounts/{own.sid}/IncomingPhoneNumbers/{number.sid}.json",
    }


def messaging_service(own: Account, service: MessagingService) -> dict[str, Any]:
    """From messaging.twilio.com/v1, for whoever checks a service's webhook."""
    return {
        "sid": service.sid,
        "account_sid": own.sid,
        "friendly_name": own.friendly_name,
        "inbound_request_url": service.inbound_url or None,
        "inbound_method": "POST",
        "fallback_url": service.fallback_url or None,
        "fallback_method": "POST",
        "status_callback": service.status_callback or None,
        "use_inbound_webhook_on_number": not service.inbound_url,
        "smart_encoding": False,
        "sticky_sender": True,
    }


def is_wanted(message: Message, query: Query) -> bool:
    """The filters of the list: To, From, and DateSent as a day or as limits (both inclusive)."""
    if query.get("To") not in {None, message.to}:
        return False
    if query.get("From") not in {None, message.from_}:
        return False
    return _is_in_time(message.sent, query)


def _is_in_time(sent: datetime | None, query: Query) -> bool:
    day, earliest, latest = (
        _moment(query.get(name)) for name in ("DateSent", "DateSent>", "DateSent<")
    )
    if sent is None:
        return not (day or earliest or latest)
    if day and not day <= sent < day + timedelta(days=1):
        return False
    return not (earliest and sent < earliest) and not (latest and sent > latest)


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else datetime.fromisoformat(f"{moment.isoformat()}+00:00")


def message_page(own: Account, messages: Sequence[Message], query: Query) -> dict[str, Any]:
    """One page, newest first. The token names the last message seen, so that none is skipped."""
    size = max(1, min(int(query.get("PageSize", "50")), MOST_ON_A_PAGE))
    start = _start(messages, query.get("PageToken", ""))
    found = messages[start : start + size]
    more = start + size < len(messages)
    base = f"/{API_VERSION}/Accounts/{own.sid}/Messages.json"
    page = int(query.get("Page", "0"))
    onward = {**query, "PageSize": str(size), "Page": str(page + 1)}
    if found:
        onward["PageToken"] = f"PA{found[-1].sid}"
    return {
        "messages": [as_json(message) for message in found],
        "page": page,
        "page_size": size,
        "start": start,
        "end": start + max(len(found) - 1, 0),
        "uri": f"{base}?{urlencode(query)}",
        "first_page_uri": f"{base}?PageSize={size}&Page=0",
        "next_page_uri": f"{base}?{urlencode(onward)}" if more else None,
        "previous_page_uri": None,
    }


def _start(messages: Sequence[Message], token: str) -> int:
    sids = [message.sid for message in messages]
    last = token.removeprefix("PA")
    return sids.index(last) + 1 if last in sids else 0


def number_page(own: Account, query: Query, born: datetime) -> dict[str, Any]:
    """All on one page: an account has few numbers."""
    wanted = query.get("PhoneNumber")
    found = [each for each in own.numbers if wanted in {None, each.phone_number}]
    base = f"/{API_VERSION}/Accounts/{own.sid}/IncomingPhoneNumbers.json"
    return {
        "incoming_phone_numbers": [incoming_number(own, number, born) for number in found],
        "page": 0,
        "page_size": 50,
        "start": 0,
        "end": max(len(found) - 1, 0),
        "uri": base,
        "first_page_uri": f"{base}?PageSize=50&Page=0",
        "next_page_uri": None,
        "previous_page_uri": None,
    }
