"""The doctor's checks at Twilio: our account, our numbers, and where their texts are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

from gateway.carriers import CarrierError, CarrierMisconfigured
from gateway.carriers.twilio import InboundRoute, TwilioAccount
from gateway.cli.findings import Finding, broken, good, warning
from gateway.settings import Settings


def twilio(settings: Settings) -> Iterator[Finding]:
    """Without an account that lets us in, nothing more can be asked."""
    yield from _public_number(settings)
    wanted = settings.public_url + "/twilio/sms"
    with closing(TwilioAccount(settings)) as account:
        finding = _account(account)
        yield finding
        if finding.advice:
            return
        for number in settings.twilio_from:
            yield from _sender(f"number {number}", partial(account.number, number), wanted)
        for sid in settings.twilio_messaging_service_sid:
            yield from _sender(f"messaging service {sid}", partial(account.service, sid), wanted)


def _public_number(settings: Settings) -> Iterator[Finding]:
    """A Messaging Service does not say which of its numbers people are to text."""
    if not settings.our_line.number:
        detail = "pages and mails name no number to text, nor offer one to save"
        advice = "set PUBLIC_NUMBER to the number of the Messaging Service that people text"
        yield warning("public number", detail, advice)


def _account(account: TwilioAccount) -> Finding:
    try:
        status = account.status()
    except CarrierMisconfigured as error:
        advice = "correct TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: signatures hang on it too"
        return broken("twilio account", f"Twilio refuses it (code {error.code})", advice)
    except CarrierError as error:
        return _silent("twilio account", error)
    if status != "active":
        return broken("twilio account", f"it is {status}", "ask Twilio why, in its console")
    return good("twilio account", "it is active, and the auth token is right")


def _sender(name: str, ask: Callable[[], InboundRoute | None], wanted: str) -> Iterator[Finding]:
    try:
        route = ask()
    except CarrierMisconfigured as error:
        advice = "correct TWILIO_API_KEY and TWILIO_API_SECRET"
        yield broken(name, f"Twilio does not let us ask for it (code {error.code})", advice)
        return
    except CarrierError as error:
        yield _silent(name, error)
        return
    if route is None:
        advice = "correct TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID, or add it at Twilio"
        yield broken(name, "the account has none such", advice)
    else:
        yield from _route(name, route, wanted)


def _route(name: str, route: InboundRoute, wanted: str) -> Iterator[Finding]:
    """The part of a URL after `#` tells Twilio how to connect; it is not part of the address."""
    if route.elsewhere:
        advice = f"see that texts reach {wanted} by POST all the same"
        yield warning(name, f"texts go to {route.elsewhere}", advice)
        return
    faults = list(_faults(name, route, wanted))
    yield from faults
    if not faults:
        yield good(name, f"its texts are sent to {wanted}")


def _faults(name: str, route: InboundRoute, wanted: str) -> Iterator[Finding]:
    advice = f"in Twilio's console, let a message that comes in call {wanted} by HTTP POST"
    if route.url.partition("#")[0] != wanted:
        yield broken(name, f"its texts are sent to {route.url or 'nobody'}", advice)
    elif route.method.upper() != "POST":
        yield broken(name, f"its texts are sent by {route.method}", advice)
    if not route.fallback_url:
        another = "give it one, on another machine if you have one: else a failed call is lost"
        yield warning(name, "it has no fallback URL", another)


def _silent(name: str, error: CarrierError) -> Finding:
    detail = "Twilio did not answer" + (f" as it should (code {error.code})" if error.code else "")
    return broken(name, detail, "look at the network, at TWILIO_API_URL and at status.twilio.com")
