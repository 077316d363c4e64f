"""STOP and START: whether anything may be texted to a number at all."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import SecretStr
from sqlalchemy.orm import Session

from gateway.engine.answers import say
from gateway.engine.inbound import Handled, Heard
from gateway.records.audit import Event, record
from gateway.records.opt_outs import opt_in, opt_out
from gateway.records.people import Sender
from gateway.seal import Seal
from handlers.conversation import OptIn, OptOut, Say


def opt(
    session: Session,
    seal: Seal,
    heard: Heard,
    found: Sequence[Sender],
    wish: OptOut | OptIn,
    *,
    carrier_answers: bool,
) -> Handled:
    """Out or in again. Who has opted out before keeps the time of the first STOP."""
    is_out = isinstance(wish, OptOut)
    event = Event.PHONE_OPTED_OUT if is_out else Event.PHONE_OPTED_IN
    remember(session, seal, heard, wish)
    for each in found:
        record(session, event, each.about, heard.now)
    outcome = "opt_out" if is_out else "opt_in"
    stands_so = [bool(each.opted_out_at) == is_out for each in found]
    knows_already = all(stands_so)
    if carrier_answers or knows_already:
        return Handled(outcome)
    told = say(session, heard, found[0], Say("stopped" if is_out else "started"))
    return Handled(outcome, told.ring)


def remember(session: Session, seal: Seal, heard: Heard, wish: OptOut | OptIn) -> None:
    """It holds for the number: whoever has it now, is proving it, or gets it one day."""
    if isinstance(wish, OptOut):
        sealed = seal.seal(SecretStr(heard.text.sender.e164))
        opt_out(session, heard.indexes, sealed, heard.now)
    else:
        opt_in(session, heard.indexes)
