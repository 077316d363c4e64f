"""Takes a mail apart as it came from the line. Whatever comes becomes a letter, however broken."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.policy import default
from email.utils import parseaddr
from itertools import islice

from simulator.mail.letters import Enclosure, Letter, Sender

MOST_PARTS = 100
LONGEST_HEADER = 2_000
LONGEST_AS_IT_CAME = 20_000
AS_IT_CAME = "This mail could not be taken apart, so here it is as it came."

# The standard library's parser lets more than its own errors through when a mail is malformed.
BROKEN = (
    *(MessageError, ValueError, LookupError, TypeError, AttributeError, AssertionError),
    *(NotImplementedError, RecursionError),
)
NO_CHARSETS = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "unicode_escape"}
)
"""Python's codecs that no mail is written in, and that take their time or raise at length."""


def read(raw: bytes) -> Letter:
    """The first text and the first HTML that are no files, and all that is enclosed."""
    try:
        return _letter(message_from_bytes(raw, policy=default))
    except BROKEN:
        text = raw[:LONGEST_AS_IT_CAME].decode("utf-8", "replace")
        return Letter(Sender("", ""), "(a broken mail)", text, remark=AS_IT_CAME)


def _letter(message: EmailMessage) -> Letter:
    words = {"text/plain": "", "text/html": ""}
    enclosures = []
    for part in islice(_leaves(message), MOST_PARTS):
        kind = part.get_content_type()
        if _is_words(part) and words.get(kind) == "":
            words[kind] = _words(part)
        else:
            enclosures.append(_enclosure(part, kind))
    return Letter(
        sender=_sender(message),
        subject=_printable(_header(message, "subject")) or "(no subject)",
        text=words["text/plain"],
        html=words["text/html"],
        enclosures=tuple(enclosures),
    )


def _leaves(message: EmailMessage) -> Iterator[Message]:
    return (part for part in message.walk() if not part.is_multipart())


def _is_words(part: Message) -> bool:
    return part.get_content_disposition() != "attachment"


def _words(part: Message) -> str:
    """Letters that do not fit their charset are replaced, and a charset nobody knows is UTF-8."""
    content, charset = _content(part), str(part.get_content_charset("utf-8"))
    try:
        text = content.decode(charset if _is_charset(charset) else "utf-8", "replace")
    except (LookupError, ValueError):
        text = content.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").encode("utf-8", "replace").decode()


def _is_charset(name: str) -> bool:
    return codecs.lookup(name).name not in NO_CHARSETS


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _enclosure(part: Message, kind: str) -> Enclosure:
    return Enclosure(
        name=_printable(part.get_filename() or ""),
        kind=kind,
        content=_content(part),
        content_id=_header(part, "content-id").strip().strip("<>"),
    )


def _sender(message: EmailMessage) -> Sender:
    """Both the modern parser and the old one have mails that only the other one understands."""
    header = _header(message, "from")
    name, address = parseaddr(header)
    return Sender(_printable(name), _printable(address) or _printable(header))


def _header(message: Message, name: str) -> str:
    """The first of that name, decoded; only its beginning, because parsing a long one is slow."""
    values = (str(value) for each, value in message.raw_items() if each.lower() == name)
    raw = next(values, "")[:LONGEST_HEADER]
    try:
        return str(default.header_fetch_parse(name, raw))
    except BROKEN:
        return raw


def _printable(text: str) -> str:
    """In one line, and without the signs that turn the direction of what follows."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
