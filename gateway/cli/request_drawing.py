"""Draws the life of one request for people: who and what, its answers, and a small timeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.cli.output import mark, shown

Facts = Mapping[str, Any]


def drawn(story: Facts) -> Iterator[str]:
    yield (
        f"Request {story['id']}: {story['action']} for {shown(story['username'])} "
        f"of {story['organization']}, texted from {story['phone']}"
    )
    yield f"  {_state(story)}"
    yield from (f"  {_answer(each)}" for each in story["answers"])
    yield from (f"  {_mail(each)}" for each in story["mails"])
    yield ""
    yield from _timeline(story["timeline"])
    yield from _still_to_come(story)


def _state(story: Facts) -> str:
    reason = f" ({shown(story['reason'])})" if story["reason"] else ""
    kept = "; its password is still kept, sealed" if story["password_is_kept"] else ""
    return f"{story['state']}{reason}: {story['meaning']}; {_times(story['attempts'])}{kept}"


def _answer(answer: Facts) -> str:
    code = f", error {answer['error_code']}: {answer['meaning']}" if answer["error_code"] else ""
    status = f" ({answer['carrier_status']})" if answer["carrier_status"] else ""
    return (
        f"answer {answer['id']}: {answer['template']}, {answer['state']}{status}{code}; "
        f"{_times(answer['attempts'])}"
    )


def _mail(mail: Facts) -> str:
    error = f", {shown(mail['error'])}" if mail["error"] else ""
    return (
        f"mail {mail['id']} to the {mail['to']}: {mail['template']}, {mail['state']}{error}; "
        f"{_times(mail['attempts'])}"
    )


def _timeline(entries: Sequence[Facts]) -> Iterator[str]:
    for index, entry in enumerate(entries):
        detail = f": {shown(entry['detail'])}" if entry["detail"] else ""
        yield f"{_second(entry['at'])}  {_branch(index, len(entries))} {entry['what']}{detail}"


def _branch(index: int, entries: int) -> str:
    if index == entries - 1:
        return mark("└", "`")
    return mark("├", "|") if index else mark("┌", ",")


def _still_to_come(story: Facts) -> Iterator[str]:
    if story["held_until"]:
        yield f"held by a worker until {_second(story['held_until'])}"
    if story["rung_for_at"]:
        yield f"the clock rings for it after {_second(story['rung_for_at'])}"


def _second(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M:%S} UTC"


def _times(attempts: int) -> str:
    return {0: "not tried yet", 1: "tried once"}.get(attempts, f"tried {attempts} times")
