"""An operator's own templates: used where they work, and named where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.branding import Brand
from gateway.mail import trying
from gateway.mail.samples import LINK, facts_of
from gateway.mail.trying import Tried, tried

BRAND = Brand("Northwind", "Example MSP", "+1 415 555 0100")
ACTIVATION = """\
Subject: {{ organization }}: your phone

Hi {{ username }}, please open
{{ link }}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "email").mkdir()
    return tmp_path


def put(folder: Path, path: str, source: str | bytes) -> None:
    file = folder / "email" / path
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(source if isinstance(source, bytes) else source.encode())


def text_and_html(found: Tried, template: str, language: str = "en") -> tuple[str, str]:
    mail = found.wording.write(template, language, facts_of(template), BRAND)
    return mail.text.get_secret_value(), mail.html.get_secret_value()


def test_without_a_folder_everything_is_as_the_product_says() -> None:
    assert (tried("").faults, tried("").taken) == ((), ())


def test_a_text_of_ones_own_takes_the_place_of_ours_in_both_forms(folder: Path) -> None:
    """Our HTML would go on saying what we said, so it is made of the new text."""
    put(folder, "en/activation.txt", ACTIVATION)
    found = tried(str(folder))
    assert (found.faults, found.taken) == ((), ("email/en/activation.txt",))
    text, html = text_and_html(found, "activation")
    assert text.startswith(f"Hi alex.morgan, please open\n{LINK}\n")
    assert "Hi alex.morgan, please open<br>" in html
    assert f'href="{LINK}"' in html
    assert "Whenever you are locked out" not in html
    assert "Whenever" in text_and_html(tried(""), "activation")[0]


def test_html_of_ones_own_stands_beside_our_text(folder: Path) -> None:
    body = '{% extends "email/layout.html" %}{% block body %}<p>Go: {{ link }}</p>{% endblock %}'
    put(folder, "en/activation.html", body)
    text, html = text_and_html(tried(str(folder)), "activation")
    assert "Whenever you are locked out" in text
    assert f"<p>Go: {LINK}</p>" in html


def test_another_language_is_added_and_its_html_made_of_its_text(folder: Path) -> None:
    put(folder, "de/activation.txt", ACTIVATION.replace("please open", "bitte öffnen"))
    put(folder, "de/footer.txt", "Von {{ provider }}.\n")
    put(folder, "de/footer.html", "Von {{ provider }}.\n")
    found = tried(str(folder))
    assert found.faults == ()
    text, html = text_and_html(found, "activation", "de-AT")
    assert text.endswith("\n-- \nVon Example MSP.\n")
    assert '<html lang="de" dir="ltr">' in html
    assert "bitte öffnen" in html
    assert "Von Example MSP." in html
    text, html = text_and_html(found, "enrolled", "de")
    assert "is set up for your Windows account" in text
    assert '<html lang="en" dir="ltr">' in html


def test_a_frame_of_ones_own_is_around_every_mail(folder: Path) -> None:
    frame = "<html><title>{{ subject }}</title>Ours! {% block body %}{% endblock %}</html>"
    put(folder, "layout.html", frame)
    found = tried(str(folder))
    assert found.faults == ()
    for template in ("activation", "test"):
        assert "Ours! " in text_and_html(found, template)[1]


@pytest.mark.parametrize(
    ("path", "source", "said"),
    [
        ("en/activation.txt", "Subject: x\n{{ link }} {{ suport }}", "'suport' is undefined"),
        ("en/activation.txt", "Subject: x\n\n{{ link", "line 3: "),
        ("en/activation.txt", "Hello\n{{ link }}", "does not begin with 'Subject: '"),
        ("en/activation.txt", "Subject: \n{{ link }}", "does not begin with 'Subject: '"),
        ("en/activation.txt", "Subject: x\nopen it", "text of activation lacks {{ link }}"),
        ("en/activation.txt", "Subject: x\n{{ link }}{{ 1 / 0 }}", "division by zero"),
        ("en/activation.txt", "Subject: x\n{{ link }}{{ username.x.y }}", "has no attribute 'x'"),
        ("en/activation.txt", "Subject: x\n{{ link }}{% include 'no' %}", "cannot be written"),
        ("en/activation.html", "<p>open it</p>", "HTML of activation lacks {{ link }}"),
        ("en/activaton.txt", ACTIVATION, "there is no mail 'activaton'; there are activation,"),
        ("en/activation.md", ACTIVATION, "look for a slip in its name"),
        ("EN/activation.txt", ACTIVATION, "look for a slip in its name"),
        ("de/activation.html", "{{ link }}", "a text is missing beside it: activation.txt"),
        ("layout.html", "<p>nothing more</p>", "HTML of activation lacks {{ link }}"),
        ("layout.html", "{% block body %}{% endblock %}{{ colour }}", "'colour' is undefined"),
        ("en/footer.txt", "{{ provider }}", "footer.html is missing beside it"),
        ("de/footer.html", "{{ provider }}", "footer.txt is missing beside it"),
        ("pieces.html", "{% macro button() %}{% endmacro %}", "takes no"),
    ],
)
def test_a_broken_template_is_named_and_ours_used_in_its_place(
    folder: Path, path: str, source: str, said: str
) -> None:
    put(folder, path, source)
    put(folder, "en/test.txt", "Subject: {{ organization }}: all is well\n\nIt works.\n")
    found = tried(str(folder))
    [fault] = found.faults
    assert fault.startswith(f"email/{path}: ")
    assert said in fault
    assert text_and_html(found, "activation") == text_and_html(tried(""), "activation")
    assert text_and_html(found, "test")[0].startswith("It works.\n")


@pytest.mark.parametrize(
    ("source", "said"),
    [(b"\xff\xfe", "email/en/test.txt is not in UTF-8"), (b"x" * 200_001, "is too large")],
)
def test_a_folder_that_cannot_be_read_is_left_out_whole(
    folder: Path, source: bytes, said: str
) -> None:
    put(folder, "en/test.txt", source)
    [fault] = tried(str(folder)).faults
    assert said in fault


def test_a_footer_that_is_broken_leaves_ours_in_its_place(folder: Path) -> None:
    put(folder, "en/footer.txt", "{{ provider }} {{ street }}")
    put(folder, "en/footer.html", "{{ provider }} {{ street }}")
    faults = tried(str(folder)).faults
    assert [fault.partition(": ")[0] for fault in faults] == [
        "email/en/footer.html",
        "email/en/footer.txt",
    ]
    assert all("'street' is undefined" in fault for fault in faults)


def test_what_editors_leave_behind_is_no_template(folder: Path) -> None:
    put(folder, "en/.activation.txt.swp", b"\xff")
    put(folder, "en/activation.txt", b"\xef\xbb\xbf" + ACTIVATION.encode())
    assert tried(str(folder)).faults == ()


def test_a_process_that_starts_tells_each_fault_in_its_log(folder: Path) -> None:
    put(folder, "en/test.txt", "no subject")
    with capture_logs() as logs:
        trying.told(str(folder))
    [log] = logs
    assert (log["event"], log["log_level"]) == ("mail.template_broken", "error")
    assert log["detail"].startswith("email/en/test.txt: test cannot be written with it")
