"""What tests and scripts in other processes are told of the mail that came, as JSON."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from simulator.mail.mailboxes import Mail, Mailboxes


def blueprint(mailboxes: Mailboxes) -> Blueprint:
    desk = Blueprint("mail_control", __name__, url_prefix="/simulator")

    @desk.get("/mails")
    def mails() -> Response:
        """What came for `?to=`, or for anybody; oldest first, as texts are told at `/texts`."""
        to = request.args.get("to")
        found = mailboxes.all() if to is None else mailboxes.of(to)
        return jsonify(mails=[_as_json(mail) for mail in reversed(found)])

    return desk


def _as_json(mail: Mail) -> dict[str, Any]:
    letter = mail.letter
    return {
        "id": mail.id,
        "at": mail.at.isoformat(),
        "to": mail.to,
        "from": {"name": letter.sender.name, "address": letter.sender.address},
        "subject": letter.subject,
        "text": letter.text,
        "html": letter.html,
        "enclosures": [each.name or each.content_id or each.kind for each in letter.enclosures],
        "opened": mail.opened,
    }
