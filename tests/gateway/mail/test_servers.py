"""SMTP_URL: what it may say, and that nothing of a wrong one is ever shown."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.servers import MailServer, MailServerInvalid, Security, trust

ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("url", "port", "security"),
    [
        ("smtp://mail.example.com", 587, Security.STARTTLS),
        ("smtp://mail.example.com:2525?tls=starttls", 2525, Security.STARTTLS),
        ("smtps://mail.example.com", 465, Security.IMPLICIT),
        ("smtp://mail.example.com/?tls=implicit", 465, Security.IMPLICIT),
        ("smtp://localhost", 25, Security.NONE),
        ("smtp://127.0.0.1:1025", 1025, Security.NONE),
        ("smtp://[::1]?tls=none", 25, Security.NONE),
        ("smtp://127.0.0.1?tls=starttls", 587, Security.STARTTLS),
    ],
)
def test_the_line_is_secured_unless_it_stays_on_this_machine(
    url: str, port: int, security: Security
) -> None:
    server = MailServer.parse(url)
    assert (server.port, server.security, server.user) == (port, security, "")


@given(user=ASCII, password=ASCII)
def test_any_user_and_password_can_be_written(user: str, password: str) -> None:
    url = f"smtp://{quote(user, safe='')}:{quote(password, safe='')}@mail.example.com:587"
    server = MailServer.parse(url)
    assert (server.user, server.password.get_secret_value()) == (user, password)
    assert server.host == "mail.example.com"
    assert "password=SecretStr('**********')" in repr(server)
    assert "user=" not in repr(server)


@given(st.one_of(st.text(), st.text().map(lambda rest: f"smtp://{rest}")))
def test_whatever_is_written_is_read_or_refused_in_a_sentence(url: str) -> None:
    try:
        server = MailServer.parse(url)
    except MailServerInvalid:
        return
    assert server.host
    assert 0 < server.port < 65536


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mail.example.com:587", "give a URL such as smtp://"),
        ("http://mail.example.com", "give a URL such as smtp://"),
        ("smtp://", "give a URL such as smtp://"),
        ("smtp://mail.example.com:smtp", "give a URL such as smtp://"),
        ("smtp://mail.example.com:0", "a port above 0"),
        ("smtp://u:Sec/ret@mail.example.com", "of a password as %2F %23 %3F"),
        ("smtp://u:Sec#ret@mail.example.com", "of a password as %2F %23 %3F"),
        ("smtp://u:Secret@mail.example.com/inbox", "write / # ?"),
        ("smtp://u@mail.example.com", "give a user together with a password"),
        ("smtp://u:Secr%C3%A9t@mail.example.com", "printable ASCII letters only"),
        ("smtp://u:Secret%0D%0A@mail.example.com", "printable ASCII letters only"),
        ("smtp://u:Secret@mail.example.com?tls=none", "for a server on this machine only"),
        ("smtp://u:Secret@mail.example.com?tls=no", "tls is starttls, implicit or none"),
        ("smtps://u:Secret@mail.example.com?tls=none", "smtps:// is tls=implicit"),
        ("smtp://u:Secret@mail.example.com?verify=no", "after ? only tls="),
    ],
)
def test_a_url_that_would_not_work_is_refused_and_not_shown(url: str, said: str) -> None:
    with pytest.raises(MailServerInvalid) as caught:
        MailServer.parse(url)
    assert said in str(caught.value)
    assert "Sec" not in str(caught.value)


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem", tmp_path):
        with pytest.raises(MailServerInvalid, match="certificates in PEM"):
            trust(str(path))
