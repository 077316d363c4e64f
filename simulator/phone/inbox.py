"""The inbox beside the phone: what the page shows of mails, and how it keeps their HTML apart."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Blueprint, Response, abort, render_template, send_file, url_for

from simulator.mail import Mail
from simulator.mail.showing import as_document, with_links
from simulator.phone.desk import Desk
from simulator.phone.people import TONES, Person, find

OF_A_MAIL = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src {pictures}; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""No script, no form, nothing from elsewhere; a link opens a page of its own, free of all this."""

OF_A_FILE = "sandbox; default-src 'none'"


def mails(desk: Desk, person: Person) -> list[Mail]:
    """Newest first."""
    mailbox = desk.mailbox(person)
    return mailbox.of(person.email) if mailbox else []


def row(mail: Mail) -> dict[str, Any]:
    """What stands for a mail in the list."""
    html = render_template("phone/mail_row.html", mail=mail)
    return {"id": f"mail-{mail.id}", "html": html, "opened": mail.opened}


def opened(mail: Mail, person: Person) -> str:
    """A mail with all that is around its words; the HTML of the words comes in its own frame."""
    return render_template("phone/mail.html", mail=mail, person=person)


def add_to(page: Blueprint, desk: Desk) -> None:
    """What the page asks for when a mail is open."""
    page.add_app_template_filter(with_links, "with_links")
    page.add_app_template_filter(_tone, "tone")

    @page.get("/phones/<key>/mails/<int:mail_id>/html")
    def html_of_mail(key: str, mail_id: int) -> Response:
        mail = _mail(desk, key, mail_id)
        if not mail.letter.html:
            abort(404)
        answer = Response(as_document(mail.letter.html, _addresses(key, mail).get))
        pictures = url_for("phone.enclosure", key=key, mail_id=mail_id, number=0, _external=True)
        policy = OF_A_MAIL.format(pictures=pictures.removesuffix("0"))
        answer.headers["Content-Security-Policy"] = policy
        return answer

    @page.get("/phones/<key>/mails/<int:mail_id>/enclosures/<int:number>")
    def enclosure(key: str, mail_id: int, number: int) -> Response:
        enclosures = _mail(desk, key, mail_id).letter.enclosures
        if number >= len(enclosures):
            abort(404)
        found = enclosures[number]
        answer = send_file(
            BytesIO(found.content),
            mimetype=found.kind if found.is_picture else "application/octet-stream",
            as_attachment=not found.is_picture,
            download_name=found.name or f"enclosure-{number + 1}",
        )
        answer.headers["Content-Security-Policy"] = OF_A_FILE
        return answer


def _mail(desk: Desk, key: str, mail_id: int) -> Mail:
    person = find(desk.people, key) or abort(404)
    mailbox = desk.mailbox(person) or abort(404)
    return mailbox.find(person.email, mail_id) or abort(404)


def _addresses(key: str, mail: Mail) -> dict[str, str]:
    """Where each picture is served that the words show, by its Content-ID."""
    return {
        each.content_id: url_for("phone.enclosure", key=key, mail_id=mail.id, number=number)
        for number, each in enumerate(mail.letter.enclosures)
        if each.is_shown
    }


def _tone(address: str) -> int:
    """Which colour stands for a sender: always the same one."""
    return sum(map(ord, address)) % TONES
