"""What each page shows, and what each form does: opening a page changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Final

import structlog
from flask import Response, abort, request
from pydantic import SecretStr
from werkzeug.exceptions import HTTPException

from gateway.doors.enrolment import card, forms, guard
from gateway.doors.enrolment.pages import Pages
from gateway.engine.enrolment import Enrolment
from gateway.engine.enrolment.refusals import Reason, StepRefused
from gateway.engine.enrolment.visits import Step, Visit
from gateway.wiring import Gateway

log = structlog.get_logger()

PAGE_OF: Final = {
    Step.IDENTIFY: "password",
    Step.NUMBER: "number",
    Step.CODE: "code",
    Step.APPROVAL: "approval",
    Step.DONE: "done",
}
FITS: Final[Mapping[str, frozenset[Step]]] = {
    **{page: frozenset({step}) for step, page in PAGE_OF.items()},
    "number": frozenset({Step.NUMBER, Step.CODE}),
    "code": frozenset({Step.CODE}),
}
"""On which step a page is of use; on another one its address leads to that one's page."""

AFTER: Final = {"password": "number", "number": "code", "code": "done"}
STATUS: Final = {Reason.CANNOT_COUNT: 503, Reason.DIRECTORY_AWAY: 503} | dict.fromkeys(
    (Reason.WAIT, Reason.TOO_MANY, Reason.ALL_SPENT), 429
)
REFUSED: Final = 422

Act = Callable[[Enrolment, str], None]


class Views:
    """One method for each kind of request."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        settings = gateway.settings
        self._pages = Pages(settings.public_url, settings.our_line, self._now)

    @property
    def _enrolment(self) -> Enrolment:
        """Made when it is first needed: nothing connects while the app is built."""
        return self._gateway.enrolment

    def _now(self) -> datetime:
        """Asked through the gateway each time, for the same reason."""
        return self._gateway.now()

    def welcome(self, token: str) -> Response:
        visit = self._visit(token)
        page = PAGE_OF[visit.step]
        if visit.step in {Step.APPROVAL, Step.DONE}:
            return self._pages.go(token, page)
        return self._pages.shown("welcome", token, visit, after=page)

    def show(self, token: str, page: str) -> Response:
        visit = self._visit(token)
        if visit.step not in FITS[page]:
            return self._pages.go(token, PAGE_OF[visit.step])
        return self._pages.shown(page, token, visit)

    def take(self, token: str, page: str) -> Response:
        return self._taken(token, page, ACTS[page], AFTER[page])

    def again(self, token: str) -> Response:
        """The same code once more; the page of the code says what came of it."""
        return self._taken(token, "code", _again, "code")

    def fresh(self, token: str) -> Response:
        """The same answer for every link, ours or not."""
        if objection := guard.objection_to_the_site():
            return self._pages.dead(objection, REFUSED)
        self._enrolment.renewing.ask(token, guard.address_group())
        return self._pages.go(token, "fresh")

    def sent(self, token: str) -> Response:  # noqa: ARG002  (it is not even looked at)
        return self._pages.plain("sent")

    def contact(self, token: str) -> Response:
        """Shown and not saved, where a phone can show it: that is one tap less."""
        visit = self._visit(token)
        if not self._pages.line.number:
            abort(404)
        named = {"Content-Disposition": "inline; filename=contact.vcf"}
        return Response(self._pages.contact(visit), content_type=card.MEDIA_TYPE, headers=named)

    def about_theirs(self, token: str, page: str) -> Response:
        """The same in the name of an organization, as carriers look for it."""
        return self._pages.shown(page, token, self._visit(token))

    def about(self, page: str) -> Response:
        """Terms and privacy, for organizations that have no such pages of their own."""
        return self._pages.plain(page)

    def refused(self, error: StepRefused) -> Response:
        if error.reason is Reason.LINK_DEAD:
            return self._pages.dead()
        return self._pages.plain("later", STATUS.get(error.reason, REFUSED), refused=error)

    def away(self, error: Exception) -> Response:
        log.error("door.no_database", detail=str(error))
        return self._pages.plain("away", 503)

    def failed(self, error: HTTPException) -> Response:
        """In the same looks for whoever follows a link; other doors answer to machines."""
        if not request.path.startswith("/activate") or error.code is None:
            return _in_a_word(error)
        kind = "away" if error.code >= 500 else "nothing" if error.code == 404 else "unfit"
        return _allowing(error, self._pages.plain(kind, error.code))

    def count(self) -> None:
        """Before any link is looked up. Raises StepRefused."""
        token = (request.view_args or {}).get("token")
        if token is not None:
            self._enrolment.budgets.spend_look(guard.address_group(), token)

    def _visit(self, token: str) -> Visit:
        return self._enrolment.visits.open(token)

    def _taken(self, token: str, page: str, act: Act, after: str) -> Response:
        """A form: what it asks for is done, or the same page says why not."""
        self._visit(token)
        refused = guard.objection() or self._done(act, token)
        if refused is None:
            return self._pages.go(token, after)
        return self._told(token, page, refused)

    def _told(self, token: str, page: str, refused: StepRefused) -> Response:
        visit = self._visit(token)
        if visit.step in {Step.APPROVAL, Step.DONE}:
            return self._pages.go(token, PAGE_OF[visit.step])
        if refused.reason is Reason.WAIT and visit.step is Step.CODE and forms.repeats(visit):
            return self._pages.go(token, "code")
        fitting = page if visit.step in FITS[page] else PAGE_OF[visit.step]
        if fitting != page and refused.reason is Reason.CODE_SHAPE:
            refused = StepRefused(Reason.NO_CODE)
        status = STATUS.get(refused.reason, REFUSED)
        return self._pages.shown(fitting, token, visit, status, refused=refused)

    def _done(self, act: Act, token: str) -> StepRefused | None:
        try:
            act(self._enrolment, token)
        except StepRefused as refused:
            return refused
        return None


def _in_a_word(error: HTTPException) -> Response:
    """What HTTP itself calls it, and nothing of what we are made of."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    phrase = HTTPStatus(status).phrase.lower()
    return _allowing(error, Response(f"{phrase}\n", status, mimetype="text/plain"))


def _allowing(error: HTTPException, answer: Response) -> Response:
    """Which methods there are, where another one was tried."""
    answer.headers.extend({k: v for k, v in error.get_headers() if k == "Allow"})
    return answer


def _number(enrolment: Enrolment, token: str) -> None:
    enrolment.proving.begin(token, forms.wish())


def _code(enrolment: Enrolment, token: str) -> None:
    enrolment.proving.check(token, forms.only("code"))


def _password(enrolment: Enrolment, token: str) -> None:
    enrolment.identifying.identify(token, SecretStr(forms.only("password")))


def _again(enrolment: Enrolment, token: str) -> None:
    enrolment.proving.again(token)


ACTS: Final[Mapping[str, Act]] = {"password": _password, "number": _number, "code": _code}
