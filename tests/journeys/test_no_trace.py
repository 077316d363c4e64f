"""One story from the link to the last reset, at DEBUG, and then a search for every secret of it."""

from __future__ import annotations

import base64
import http.cookiejar
import re
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import pytest

from tests.databases import fresh_postgresql
from tests.gateway.doors.enrolment.activation import CSRF
from tests.installation import MSP_ADDRESS, Installation, installed, wait_for
from tests.journeys.test_back_to_work import lock
from tests.journeys.test_enrolment import CODE
from tests.mail_server import Mailbox, mail_server
from tests.offices import Office, SambaOffice, simulated_office
from tests.texts import password_in
from tests.told import word_in

NAME: Final = "vera.trace"
PHONE: Final = "+12025550164"
ROOT: Final = Path(__file__).parents[2]
LINK: Final = re.compile(r"https?://\S+/activate/[\w.~-]+")
KNOWN_TO_BE_THERE: Final = {
    "logs": b"request.settled",
    "redis": b"resetline:limits",
    "database": NAME.encode(),
    "audit": b"password:reset:succeeded",
    "metrics": b"resetline_events_total",
    "requests": NAME.encode(),
    "mails": b"Set up your phone",
    "pages": b"Set up your phone",
}
"""What each place has to hold, so that nothing is searched for where nothing is."""


@dataclass
class Secret:
    """Something that nobody may read but in the places where it is meant to be."""

    what: str
    value: str
    meant_for: frozenset[str] = frozenset()

    def forms(self) -> Iterator[bytes]:
        """As it is, and as libraries and protocols write it."""
        plain = self.value.encode()
        yield plain
        yield self.value.encode("utf-16-le")
        yield f'"{self.value}"'.encode("utf-16-le")
        yield plain.hex().encode()
        yield urllib.parse.quote(self.value, safe="").encode()
        if len(plain) > len("123456"):
            yield base64.b64encode(plain)[:-4]


@dataclass
class Story:
    """Vera, what happens to her, and every secret that comes up."""

    installation: Installation
    office: Office
    post: Mailbox
    secrets: list[Secret] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(jar)

    def keep(self, what: str, value: str, *meant_for: str) -> str:
        """From now on it is searched for everywhere else."""
        self.secrets.append(Secret(what, value, frozenset(meant_for)))
        return value

    def opens(self, url: str) -> str:
        return self._shown(urllib.request.Request(url))

    def sends(self, url: str, **form: str) -> str:
        """As the page that was opened last would."""
        [mark, *_] = CSRF.findall(self.pages[-1])
        body = urllib.parse.urlencode({"csrf_token": mark, **form}).encode()
        return self._shown(urllib.request.Request(url, body))

    def texts(self, words: str) -> str:
        """The answer that her phone shows."""
        before = len(self.installation.texts(PHONE))
        self.installation.text(words, PHONE)
        return self.installation.answer(PHONE, after=before)

    def _shown(self, request: urllib.request.Request) -> str:
        with self._browser.open(request, timeout=20) as answer:
            page: str = answer.read().decode()
        self.pages.append(page)
        return page


def enrols(story: Story) -> None:
    """Over the link in her mail and the code on her phone."""
    story.installation.resetline("people", "invite", "northwind", NAME)
    link = wait_for(lambda: _link(story.post))
    story.keep("an activation link", link.rpartition("/")[2], "mails", "pages")
    story.opens(link)
    story.opens(f"{link}/number")
    story.sends(
        f"{link}/number",
        number=PHONE.removeprefix("+1"),
        country="US",
        agrees="yes",
        wording="2026-11",
    )
    code = wait_for(lambda: CODE.findall("\n".join(story.installation.texts(PHONE))))[0]
    story.keep("a code", f" {code} ")
    story.keep("a code that a browser fills in", f"#{code}")
    assert "Your phone is set up" in story.sends(f"{link}/code", code=code)
    wait_for(lambda: len(story.installation.texts(PHONE)) > 1)


def resets(story: Story) -> None:
    """Her answer to RESET holds a word, and the answer to that the password."""
    word = word_in(story.texts("RESET"))
    if not _is_quoted_by_us(word):
        story.keep("a word that somebody quotes", f'"{word}"')
    story.keep("a text with a word", f"text back {word} within")
    password = story.keep("a one-time password", password_in(story.texts(word)))
    assert story.office.sign_in(NAME, password) == "773"
    wait_for(lambda: story.installation.states(NAME)[-1] == "done")


def _is_quoted_by_us(word: str) -> bool:
    """Some are also the name of a field in a page or a log, as `number` is."""
    folders = [ROOT / name for name in ("gateway", "handlers", "directory", "templates")]
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return any(f'"{word}"'.encode() in path.read_bytes() for path in files)


def unlocks(story: Story) -> None:
    """After she has locked herself out."""
    lock(story.office, NAME)
    assert "unlocked" in story.texts("UNLOCK")
    wait_for(lambda: story.installation.states(NAME)[-1] == "done")


CHAPTERS: Final[tuple[Callable[[Story], None], ...]] = (enrols, resets, unlocks, resets)
"""What happens, in turn. Each chapter gives `keep` what nobody may find afterwards."""


@pytest.fixture(scope="module", params=["simulator", "samba"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    """The story, to its end: on the simulator and SQLite, and on Samba and PostgreSQL."""
    folder = tmp_path_factory.mktemp("trace")
    if request.param == "samba":
        samba = SambaOffice(request.getfixturevalue("samba"))
        with fresh_postgresql(request.getfixturevalue("postgresql"), migrate=False) as url:
            yield from _told(folder, url, samba)
    else:
        with simulated_office() as office:
            yield from _told(folder, f"sqlite:///{folder}/resetline.db", office)


def _told(folder: Path, url: str, office: Office) -> Iterator[Story]:
    office.employ(NAME)
    with mail_server() as post:
        smtp_url = f"smtp://127.0.0.1:{post.port}"
        with installed(folder, url, office.settings, smtp_url=smtp_url) as installation:
            installation.set_up({})
            installation.resetline("policy", "set", "northwind", "confirm_by_word=on")
            _adds_vera(installation)
            installation.start()
            story = Story(installation, office, post)
            _what_was_secret_before(story)
            for chapter in CHAPTERS:
                chapter(story)
            wait_for(installation.is_quiet)
            wait_for(lambda: len(_mails_to(post, MSP_ADDRESS)) + len(_mails_to(post, NAME)) > 2)
            yield story


@pytest.fixture(scope="module")
def places(told: Story) -> dict[str, bytes]:
    return written(told)


def test_no_secret_is_left_where_it_is_not_meant_to_be(
    told: Story, places: dict[str, bytes]
) -> None:
    found = {
        (secret.what, place)
        for secret in told.secrets
        for place, content in places.items()
        if place not in secret.meant_for and any(form in content for form in secret.forms())
    }
    assert found == set()


def test_every_place_was_looked_into(told: Story, places: dict[str, bytes]) -> None:
    assert {name for name, known in KNOWN_TO_BE_THERE.items() if known not in places[name]} == set()
    assert told.installation.environment["LOG_LEVEL"] == "DEBUG"


def test_every_chapter_gave_away_what_to_search_for(told: Story, places: dict[str, bytes]) -> None:
    values = [secret.value for secret in told.secrets]
    assert len(set(values)) == len(values)
    assert sum(secret.what == "a one-time password" for secret in told.secrets) == 2
    meant = [secret for secret in told.secrets if secret.meant_for]
    assert [s.what for s in meant if s.value.encode() not in places["mails"]] == []


def written(story: Story) -> dict[str, bytes]:
    """Everything that was written anywhere, by where it is."""
    installation = story.installation
    files = installation.written()
    return {
        "logs": installation.logs().encode(),
        "files": b"".join(path.read_bytes() for path in files if path.suffix != ".csv"),
        "database": installation.dump(),
        "redis": _redis(installation),
        "audit": installation.resetline("audit", "export").stdout.encode(),
        "requests": installation.resetline("requests", "list", "northwind").stdout.encode(),
        "people": installation.resetline("people", "list", "northwind", "--json").stdout.encode(),
        "metrics": _asked(f"{installation.url}/metrics"),
        "readiness": _asked(f"{installation.url}/readyz"),
        "mails": b"".join(mail.as_bytes() + _words(mail) for mail in story.post.mails),
        "pages": "".join(story.pages).encode(),
    }


def _what_was_secret_before(story: Story) -> None:
    """What the installation was given, and what is anybody's own."""
    environment = story.installation.environment
    bind_password = story.office.settings.bind_password.get_secret_value()
    story.keep("the password of the service account", bind_password)
    story.keep("a key", environment["SECRET_KEYS"])
    story.keep("Twilio's token", environment["TWILIO_AUTH_TOKEN"])
    story.keep("her number", PHONE)
    story.keep("her number without its country", PHONE.removeprefix("+1"))


def _adds_vera(installation: Installation) -> None:
    row = (
        f"username,display_name,email,self_serve\n{NAME},Vera Trace,{NAME}@northwind.example,yes\n"
    )
    (installation.folder / "vera.csv").write_text(row)
    installation.resetline("people", "import", "northwind", "vera.csv")


def _redis(installation: Installation) -> bytes:
    with installation.redis.client() as redis:
        return b"".join(bytes(key) + bytes(redis.dump(key) or b"") for key in redis.keys("*"))


def _asked(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        content: bytes = answer.read()
    return content


def _link(post: Mailbox) -> str:
    found = (LINK.search(_words(mail).decode()) for mail in _mails_to(post, NAME))
    return next((each[0] for each in found if each), "")


def _mails_to(post: Mailbox, whom: str) -> list[EmailMessage]:
    return [mail for mail in post.mails if str(mail["To"]).startswith(whom)]


def _words(mail: EmailMessage) -> bytes:
    """As it is read: what travels is encoded."""
    parts = [mail.get_body((kind,)) for kind in ("plain", "html")]
    return "".join(str(part.get_content()) for part in parts if part).encode()
