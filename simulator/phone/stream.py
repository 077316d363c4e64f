"""What an open page is told, as it happens: Server-Sent Events with ready-made pieces of HTML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import current_app, render_template

from simulator.phone.desk import Desk
from simulator.phone.handsets import Bubble
from simulator.phone.inbox import row
from simulator.phone.people import Person
from simulator.phone.timeline import Line, lines
from simulator.twilio.journal import Event

LOOK_EVERY_SECONDS = 2.0


class Stream:
    """One open page. It looks at the directory every two seconds, and sooner when things happen."""

    def __init__(self, desk: Desk, person: Person, since: int) -> None:
        self._desk = desk
        self._person = person
        self._since = since
        self._account = ""
        self._unopened: dict[str, int] = {}
        # The generator runs after the request has ended, so it keeps the application by hand.
        self._app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001

    def events(self) -> Iterator[str]:
        """Ends when the browser goes away, which shows when the next line is written."""
        yield "retry: 1000\n\n"
        journal = self._desk.carrier.journal
        while not journal.closed:
            now = journal.last_id
            yield self._event(now, self._news(now))
            self._since = now
            journal.wait(now, LOOK_EVERY_SECONDS)

    def _event(self, now: int, news: dict[str, Any]) -> str:
        """A comment when there is no news, to find out whether anybody still listens."""
        return f"id: {now}\ndata: {json.dumps(news)}\n\n" if news else ":\n\n"

    def _news(self, now: int) -> dict[str, Any]:
        with self._app.app_context():
            news = {
                "bubbles": [_bubble(each) for each in self._bubbles()],
                "lines": [_line(each) for each in lines(self._happened(now))],
                "mails": self._mails(now),
                "unopened": self._changed_unopened(),
                "account": self._changed_account(),
            }
        return {name: value for name, value in news.items() if value}

    def _bubbles(self) -> list[Bubble]:
        return self._desk.handsets.since(self._person.phone, self._since)

    def _happened(self, now: int) -> list[Event]:
        """Up to `now` and no further: a line must not come twice. A bubble may, it has an id."""
        events = self._desk.carrier.events[self._since : now]
        return [event for event in events if event.phone == self._person.phone]

    def _mails(self, now: int) -> list[dict[str, Any]]:
        """Those that came or were opened, each once. One may have been thrown away already."""
        mailbox, person = self._desk.mailbox(self._person), self._person
        if mailbox is None:
            return []
        facts = (event.facts for event in self._happened(now))
        ids = dict.fromkeys(int(each["mail"]) for each in facts if "mail" in each)
        return [row(mail) for each in ids if (mail := mailbox.find(person.email, each))]

    def _changed_unopened(self) -> dict[str, int]:
        """Of everybody: the list of people shows who has mail."""
        unopened = self._desk.unopened()
        if unopened == self._unopened:
            return {}
        self._unopened = unopened
        return unopened

    def _changed_account(self) -> str:
        account = self._desk.account(self._person)
        html = render_template("phone/account.html", account=account, person=self._person)
        if html == self._account:
            return ""
        self._account = html
        return html


def _bubble(bubble: Bubble) -> dict[str, Any]:
    html = render_template("phone/bubble.html", bubble=bubble)
    return {"id": f"bubble-{bubble.sid}", "html": html}


def _line(line: Line) -> str:
    return render_template("phone/line.html", line=line)
