"""Twilio's Messages API and webhooks: stateful, signed, and faulty on demand."""

from simulator.twilio.account import Account, MessagingService, Number, numbers_at
from simulator.twilio.carrier import Carrier
from simulator.twilio.errors import ApiError
from simulator.twilio.faults import Faults
from simulator.twilio.journal import Event, Kind
from simulator.twilio.message import Direction, Message, Status
from simulator.twilio.outbound import Pace
from simulator.twilio.serving import serving
from simulator.twilio.webhooks import signature

__all__ = [
    "Account",
    "ApiError",
    "Carrier",
    "Direction",
    "Event",
    "Faults",
    "Kind",
    "Message",
    "MessagingService",
    "Number",
    "Pace",
    "Status",
    "numbers_at",
    "serving",
    "signature",
]
