"""Twilio's error codes that a client of Messages can meet, with their status and wording."""

from __future__ import annotations

from typing import Any

MORE_INFO = "https://www.twilio.com/docs/errors/"

BAD_REQUEST = 400
OTHER_STATUS = {
    20003: 401, 20009: 409, 20404: 404, 20429: 429, 20500: 500, 20503: 503, 21611: 429,
    60606: 403,
}  # fmt: skip

WORDING = {
    20001: "Invalid parameter: {detail}",
    20003: "Authenticate",
    20009: "Cannot delete this resource before it is complete",
    20404: "The requested resource {detail} was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    20503: "Service Unavailable",
    21211: "Invalid 'To' Phone Number: {to}",
    21212: "The 'From' number {from_} is not a valid phone number, shortcode, or alphanumeric "
    "sender ID.",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' "
    "number: {to}.",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The From phone number {from_} is not a valid, SMS-capable inbound phone number or "
    "short code for your account.",
    21608: "The number {to} is unverified. Trial accounts cannot send messages to unverified "
    "numbers.",
    21609: "The StatusCallback URL {detail} is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21612: "Message cannot be sent with the current combination of 'To' ({to}) and/or 'From' "
    "({from_}) parameters",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit.",
    21635: "'To' number cannot be a landline",
    21701: "The Messaging Service {detail} does not exist",
    21703: "The Messaging Service does not have a phone number available to send a message",
    30029: "ContentRetention and AddressRetention are not allowed on this account",
    60606: "Requested data package is not enabled for the account.",
}


class ApiError(Exception):
    """What the REST API answers instead of a resource."""

    def __init__(self, code: int, *, to: str = "", from_: str = "", detail: str = "") -> None:
        self.code = code
        self.status = OTHER_STATUS.get(code, BAD_REQUEST)
        wording = WORDING.get(code, f"Error {code}")
        self.message = wording.format(to=to, from_=from_, detail=detail)
        super().__init__(f"{self.status} {code}")

    def as_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"{MORE_INFO}{self.code}",
            "status": self.status,
        }

    def as_problem(self) -> dict[str, Any]:
        """The newer shape of RFC 9457, which twilio-python raises as a different exception."""
        return {
            "type": f"{MORE_INFO}{self.code}",
            "title": self.message,
            "status": self.status,
            "code": self.code,
        }
