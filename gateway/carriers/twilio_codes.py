"""What Twilio's error codes mean, in plain words for operators and as a label for figures."""

from __future__ import annotations

from typing import Final

from gateway.carriers import CarrierError, CarrierMisconfigured, SendLater, SendUnknown
from gateway.carriers.twilio import CODES

PLAIN: Final[dict[int, str]] = {
    20003: "Twilio does not accept our account, key or token",
    20009: "Twilio is still busy with the text, so its copy cannot be emptied yet",
    20404: "Twilio does not know the account, number or text",
    20429: "Twilio was asked too often at once",
    20500: "Twilio had a fault of its own",
    20503: "Twilio was not available",
    21211: "the person's number is not valid",
    21214: "the person's number cannot be reached",
    21217: "the person's number is not valid",
    21408: "texts to that country are not switched on at Twilio",
    21601: "our number cannot send texts",
    21602: "the text had no words",
    21603: "no number to send from was given",
    21605: "the text was too long",
    21606: "our number is not one of the account's, or cannot send texts",
    21608: "a trial account may only text numbers that were verified with Twilio",
    21609: "the address for status reports is not valid",
    21610: "the person texted STOP",
    21611: "too many texts of ours are queued at Twilio",
    21612: "Twilio has no way from our number to the person's",
    21614: "the person's number is not a mobile phone",
    21617: "the text was too long",
    21635: "the person's number is a landline",
    21659: "our number is not one of the account's",
    21701: "the Messaging Service does not exist or has no number",
    21702: "the Messaging Service may not be used",
    21703: "the Messaging Service has no number",
    21712: "our number is not in the Messaging Service",
    30001: "too many texts of ours are queued at Twilio",
    30002: "the account is suspended",
    30003: "the phone was off or out of reach",
    30004: "the phone or its carrier blocks our texts",
    30005: "the number is not in use",
    30006: "the number is a landline, or its carrier cannot be reached",
    30007: "the carrier took the text for spam",
    30008: "the carrier did not say why",
    30029: "the account does not allow what we asked for with the text",
    30032: "our toll-free number is not verified",
    30034: "our number is not registered for A2P 10DLC",
    30036: "the carrier held the text for too long, so it was dropped",
    30038: "the text looks like a one-time code that was passed on",
    30450: "Twilio's protection against SMS pumping stopped the text",
    30453: "Twilio's protection against SMS pumping stopped the text",
    30500: "Twilio had a fault of its own",
}


def meaning_of(code: int | None) -> str:
    """Plain words, or where Twilio explains it."""
    if code is None:
        return ""
    return PLAIN.get(code, f"see https://www.twilio.com/docs/api/errors/{code}")


def problem_of(code: int | None) -> str:
    """`none`, `later`, `unknown`, `misconfigured` or `refused`: a label with few values."""
    if code is None:
        return "none"
    return _LABELS.get(CODES.get(code, CarrierError), "refused")


_LABELS: Final[dict[type[CarrierError], str]] = {
    SendLater: "later",
    SendUnknown: "unknown",
    CarrierMisconfigured: "misconfigured",
}
