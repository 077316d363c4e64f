"""A text is kept once, matched to its sender, read by the handlers, and its answer carried out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

import handlers
from gateway.confirmation_words import single_word
from gateway.engine.allowances import Allowances
from gateway.engine.answers import say, too_often, uncounted, which_account
from gateway.engine.disowning import disown
from gateway.engine.doorbell import Doorbell
from gateway.engine.inbound import Handled, Heard, InboundText, OptOutType
from gateway.engine.opening import open_request
from gateway.engine.opting import opt
from gateway.engine.reached import tell
from gateway.engine.strangers import answer_stranger
from gateway.engine.words import Words
from gateway.limits import CannotSay, Exceeded
from gateway.records import InboundMessage
from gateway.records.about import About
from gateway.records.base import insert_once
from gateway.records.database import Database
from gateway.records.people import Sender, replaced_senders, senders
from gateway.records.questions import asked, forget_question
from gateway.seal import Seal
from gateway.templating import FALLBACK_LANGUAGE
from gateway.wording import render
from handlers.conversation import (
    Account,
    Action,
    Answer,
    Ask,
    Caller,
    Disown,
    Do,
    OptIn,
    OptOut,
    Question,
    Say,
    Text,
)
from handlers.vocabulary import Vocabulary

log = structlog.get_logger()

ANYBODY = "Account help"
"""In place of an organization, where whoever texts belongs to none."""


class Repeated(Exception):
    """The carrier has delivered this text before: whatever it led to now is rolled back."""


class Inbox:
    """Receives texts. One indexed look-up, one commit, one ring; no directory, no carrier."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        doorbell: Doorbell,
        now: Callable[[], datetime],
        *,
        vocabulary: Vocabulary,
        allowances: Allowances,
        carrier_answers: bool = True,
    ) -> None:
        """`carrier_answers` tells whether STOP and START are answered before they reach us."""
        self._database = database
        self._seal = seal
        self._doorbell = doorbell
        self._now = now
        self._vocabulary = vocabulary
        self._allowances = allowances
        self._words = Words(seal)
        self._carrier_answers = carrier_answers

    def receive(self, text: InboundText) -> str:
        """Keep a text and open what it asks for. A second delivery of it changes nothing.

        Returns what a number that is nobody's is told at once, or nothing.
        Raises DatabaseUnavailable when it could not be kept: the carrier has to try again.
        """
        heard = self._listen(text)
        try:
            handled = self._database.run(lambda session: self._keep(session, heard))
        except Repeated:
            log.info("text.repeated", sid=text.sid)
            return ""
        for about in handled.wrong_for:
            self._allowances.wrong_word(about)
        if handled.ring:
            self._doorbell.ring(handled.ring.job, handled.ring.row_id)
        return self._told_at_once(heard, handled)

    def _listen(self, text: InboundText) -> Heard:
        """Counted and understood before anybody looks whose number it is."""
        indexes = self._seal.indexes(text.sender)
        meaning = self._vocabulary.understand(Text(text.body))
        wish = meaning.intent if meaning else "other"
        verdict = self._allowances.text_in(text.sid, indexes[0], wish)
        return Heard(text, indexes, meaning, verdict, self._now())

    def _keep(self, session: Session, heard: Heard) -> Handled:
        """The sid comes last: of simultaneous deliveries exactly one is committed whole."""
        found = senders(session, heard.indexes)
        heard = replace(heard, now=self._now())  # when its turn has come: the audit is in order
        handled = self._handle(session, heard, found)
        if isinstance(heard.verdict, Exceeded):
            whose = found[0].about if found else About()
            tell(session, heard.verdict, whose, heard.now, mode="sms")
        message_id = insert_once(
            session,
            InboundMessage,
            sid=heard.text.sid,
            received_at=heard.now,
            number_index=heard.indexes[0],
            phone_id=found[0].phone_id if found else None,
            outcome=handled.outcome,
            request_id=handled.request_id,
        )
        if message_id is None:
            raise Repeated
        return handled

    def _handle(self, session: Session, heard: Heard, known: Sequence[Sender]) -> Handled:
        found = [_spoken_to(each, heard) for each in known]
        answer = self._meant(session, heard, found)
        told = self._carrier_answers or heard.text.opt_out_type is not None
        replaced = _replaced(session, heard) if isinstance(answer, Disown) else []
        match answer:
            case _ if not (found or replaced):
                return answer_stranger(session, heard, answer, carrier_answers=told)
            case None:
                return Handled("carrier_answered")
            case OptOut() | OptIn():
                return opt(session, heard, found, answer, carrier_answers=told)
            case Disown():  # also after a STOP: it needs no answer to protect them
                return disown(session, heard, found, replaced)
            case _ if any(each.opted_out_at for each in found):
                return Handled("opted_out")  # nothing may be changed that could not be told
        return self._answered(session, heard, found, answer)

    def _meant(self, session: Session, heard: Heard, found: Sequence[Sender]) -> Answer | None:
        """What the text asks for; None where the carrier has answered it already."""
        match heard.text.opt_out_type:
            case OptOutType.STOP:
                return OptOut()
            case OptOutType.START:
                return OptIn()
            case OptOutType.HELP:
                return None
        question = _question(session, heard, found)
        return handlers.read(heard.meaning, heard.words, _caller(found, question))

    def _answered(
        self, session: Session, heard: Heard, found: Sequence[Sender], answer: Say | Ask | Do
    ) -> Handled:
        """The right word goes on whatever was counted: only its phone can know it."""
        word = single_word(heard.words) if heard.meaning is None else ""
        is_reply = isinstance(answer, Do) and heard.meaning is None
        handled = word and self._words.look(session, heard, found, word, is_reply=is_reply)
        if handled:
            return handled
        if isinstance(heard.verdict, Exceeded):
            return too_often(session, heard, found[0], heard.verdict)
        if is_reply:
            forget_question(session, heard.indexes)
        return self._done(session, heard, found, answer)

    def _done(
        self, session: Session, heard: Heard, found: Sequence[Sender], answer: Say | Ask | Do
    ) -> Handled:
        """Where nobody can count, a request is opened all the same: the worker waits for Redis."""
        match answer:
            case Do():
                return open_request(session, heard, answer, found)
            case Say() if isinstance(heard.verdict, CannotSay):
                return uncounted(session, heard, found[0], answer)
            case Ask() if isinstance(heard.verdict, CannotSay):
                return uncounted(session, heard, found[0], Say("failed"))
            case Ask():
                return which_account(session, heard, found, answer)
            case Say():
                return say(session, heard, found[0], answer)

    def _told_at_once(self, heard: Heard, handled: Handled) -> str:
        """To a number that is nobody's: its answer names nobody, and is kept nowhere."""
        template = handled.stranger_template
        if not template or not self._allowances.may_tell_stranger(heard.indexes[0]):
            return ""
        return render(template, heard.language, {"organization": ANYBODY, "support": ""})


def _spoken_to(sender: Sender, heard: Heard) -> Sender:
    """In their own language, else in the one that they text in, else in their organization's."""
    if sender.has_own_language or heard.language == FALLBACK_LANGUAGE:
        return sender
    return replace(sender, language=heard.language)


def _replaced(session: Session, heard: Heard) -> list[Sender]:
    """Whose number it was a moment ago: no other word works from it."""
    known = replaced_senders(session, heard.indexes, heard.now)
    return [_spoken_to(each, heard) for each in known]


def _question(session: Session, heard: Heard, found: Sequence[Sender]) -> Question | None:
    """What they were asked a moment ago, as far as those accounts are still theirs to help."""
    helped = {each.person_id: each.username for each in found if each.is_helped}
    is_answer = heard.meaning is None or heard.meaning.choice
    if len(helped) < 2 or not is_answer:
        return None
    remembered = asked(session, heard.indexes, heard.now)
    if remembered is None or not helped.keys() >= set(remembered.people):
        return None
    accounts = tuple(Account(key, helped[key]) for key in remembered.people)
    return Question(Action(remembered.action), accounts, is_guess=remembered.is_guess)


def _caller(found: Sequence[Sender], question: Question | None) -> Caller:
    """Who is texting: the accounts that this number was verified for and that may be helped."""
    helped = [each for each in found if each.is_helped]
    return Caller(
        accounts=tuple(Account(each.person_id, each.username) for each in helped),
        question=question,
        is_frozen=any(each.is_frozen for each in found),
    )
