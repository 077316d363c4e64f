"""What each page shows, and what each form does: opening a page changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import structlog
from flask import Response, request
from pydantic import SecretStr
from werkzeug.exceptions import HTTPException

from gateway import consent
from gateway.doors.enrolment import guard
from gateway.doors.enrolment.card import contact_card
from gateway.doors.enrolment.pages import Pages
from gateway.engine.enrolment import Enrolment
from gateway.engine.enrolment.numbers import Wish
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
    (Reason.WAIT, Reason.TOO_MANY), 429
)
REFUSED: Final = 422

Act = Callable[[Enrolment, str], None]


class Views:
    """One method for each kind of request."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._pages = Pages(gateway.settings.public_url, gateway.settings.our_line)

    @property
    def _enrolment(self) -> Enrolment:
        """Made when it is first needed: nothing connects while the app is built."""
        return self._gateway.enrolment

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
        if objection := guard.objection():
            return self._pages.dead(token, objection, REFUSED)
        self._enrolment.renewing.ask(token, guard.address_group())
        return self._pages.plain("sent")

    def contact(self, token: str) -> Response:
        card = contact_card(self._visit(token).brand, self._pages.line)
        disposition = {"Content-Disposition": "attachment; filename=contact.vcf"}
        return Response(card, content_type="text/vcard; charset=utf-8", headers=disposition)

    def about(self, page: str) -> Response:
        """Terms and privacy, for organizations that have no such pages of their own."""
        return self._pages.plain(page)

    def refused(self, error: StepRefused) -> Response:
        if error.reason is Reason.LINK_DEAD:
            return self._pages.dead(str((request.view_args or {}).get("token", "")))
        return self._pages.plain("later", STATUS.get(error.reason, REFUSED), refused=error)

    def away(self, error: Exception) -> Response:
        log.error("door.no_database", detail=str(error))
        return self._pages.plain("away", 503)

    def failed(self, error: HTTPException) -> HTTPException | Response:
        """In the same looks for whoever follows a link; other doors answer to machines."""
        if not request.path.startswith("/activate") or error.code is None:
            return error
        return self._pages.plain("away" if error.code >= 500 else "nothing", error.code)

    def _visit(self, token: str) -> Visit:
        """Counted before it is looked up. Raises StepRefused."""
        self._enrolment.budgets.spend_look(guard.address_group())
        return self._enrolment.visits.open(token)

    def _taken(self, token: str, page: str, act: Act, after: str) -> Response:
        """A form: what it asks for is done, or the same page says why not."""
        self._visit(token)
        refused = guard.objection() or self._done(act, token)
        if refused is None:
            return self._pages.go(token, after)
        if refused.reason is Reason.LINK_DEAD:
            raise refused
        visit = self._enrolment.visits.open(token)
        if visit.step in {Step.APPROVAL, Step.DONE}:
            return self._pages.go(token, PAGE_OF[visit.step])
        fitting = _fitting(page, visit, refused)
        status = STATUS.get(refused.reason, REFUSED)
        return self._pages.shown(fitting, token, visit, status, refused=refused)

    def _done(self, act: Act, token: str) -> StepRefused | None:
        try:
            act(self._enrolment, token)
        except StepRefused as refused:
            return refused
        return None


def _fitting(page: str, visit: Visit, refused: StepRefused) -> str:
    """Where the reason is said: somebody who sent a form twice has their code already."""
    if refused.reason is Reason.WAIT and visit.step is Step.CODE:
        return "code"
    return page if visit.step in FITS[page] else PAGE_OF[visit.step]


def _number(enrolment: Enrolment, token: str) -> None:
    form = request.form
    wish = Wish(
        number=form.get("number", ""),
        country=form.get("country", ""),
        agrees=form.get("agrees") == "yes",
        wording=form.get("wording", consent.CURRENT),
        address=guard.address(),
    )
    enrolment.proving.begin(token, wish)


def _code(enrolment: Enrolment, token: str) -> None:
    enrolment.proving.check(token, request.form.get("code", ""))


def _password(enrolment: Enrolment, token: str) -> None:
    enrolment.identifying.identify(token, SecretStr(request.form.get("password", "")))


def _again(enrolment: Enrolment, token: str) -> None:
    enrolment.proving.again(token)


ACTS: Final[Mapping[str, Act]] = {"password": _password, "number": _number, "code": _code}
