"""`resetline people invite`, `revoke` and `approve`: whom they write to, and what they say."""

from __future__ import annotations

import os
import subprocess

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from gateway.records import AuditEvent, Invitation, Mail, Person, Phone, Proof
from gateway.records.database import Database
from gateway.records.proofs import ProofEnd
from gateway.seal import Seal
from tests.gateway.cli.conftest import Terminal

NINA = "+14155550177"
NEWCOMERS = """\
username,email,phone
mia.keller,mia@northwind.example,+14155550111
nina.alvarez,nina@northwind.example,
omar.said,omar@northwind.example,
rosa.klein,,
"""


def invited(terminal: Terminal) -> list[str]:
    """To whom a mail waits, in order."""
    names = {person.id: person.username for person in terminal.stored(Person)}
    return [names[mail.person_id or 0] for mail in terminal.stored(Mail)]


def change(terminal: Terminal, username: str, **values: object) -> None:
    database = Database(terminal.database_url)
    with database.transaction() as session:
        session.execute(update(Person).where(Person.username_key == username).values(values))
    database.close()


def prepared(terminal: Terminal) -> Terminal:
    terminal.environment["SMTP_URL"] = "smtp://127.0.0.1:1"
    terminal.imported(NEWCOMERS, "--trust-phones")
    return terminal


def test_everybody_without_a_proved_number_is_invited_and_who_cannot_be_is_named(
    terminal: Terminal,
) -> None:
    result = prepared(terminal).enter("people", "invite", "northwind")
    assert result.stdout == "Wrote to 2 people of northwind. Left out 1.\n"
    assert result.stderr.splitlines()[-1] == "rosa.klein has no email address"
    assert invited(terminal) == ["nina.alvarez", "omar.said"]


def test_without_a_mail_server_nobody_is_invited_and_that_is_said(terminal: Terminal) -> None:
    del prepared(terminal).environment["SMTP_URL"]
    before = terminal.events()
    refused = terminal.refused("people", "invite", "northwind", "--self-serve")
    assert refused == "resetline: SMTP_URL is not set: give it a mail server first"
    assert (terminal.events(), invited(terminal)) == (before, [])
    assert {person.invited_at for person in terminal.stored(Person)} == {None}


def test_a_second_time_nobody_is_written_to_again_unless_it_is_asked_for(
    terminal: Terminal,
) -> None:
    prepared(terminal).run("people", "invite", "northwind", "nina.alvarez")
    terminal.run("people", "invite", "northwind")
    assert invited(terminal) == ["nina.alvarez", "omar.said"]
    terminal.run("people", "invite", "northwind", "--again")
    assert len(invited(terminal)) == 4
    ended = [each.ended_for for each in terminal.stored(Invitation)]
    assert ended == ["newer", "newer", "", ""]


def test_a_filter_says_which_of_them_are_written_to(terminal: Terminal) -> None:
    prepared(terminal)
    change(terminal, "omar.said", email="omar@contoso.example")
    invite = ("people", "invite", "northwind")
    terminal.run(*invite, "--email-domain", "contoso.example")
    assert invited(terminal) == ["omar.said"]
    terminal.run(*invite, "--status", "imported")
    assert invited(terminal) == ["omar.said", "nina.alvarez"]
    terminal.run(*invite, "--status", "invited", "--email-domain", "contoso.example")
    assert invited(terminal) == ["omar.said", "nina.alvarez", "omar.said"]
    assert "nobody like that" in terminal.enter(*invite, "--email-domain", "other.example").stderr
    refused = terminal.refused(*invite, "omar.said", "--status", "invited", status=2)
    assert "but not both" in refused


def test_a_dry_run_says_who_would_be_written_to_and_writes_nothing(terminal: Terminal) -> None:
    before = prepared(terminal).everything_stored()
    del terminal.environment["SMTP_URL"]  # nothing is sent
    result = terminal.enter("people", "invite", "northwind", "--self-serve", "--dry-run")
    assert result.stdout.splitlines() == [
        *("nina.alvarez", "omar.said"),
        "Would write to 2 people of northwind. Left out 1.",
    ]
    assert result.stderr.splitlines()[-1] == "rosa.klein has no email address"
    assert terminal.everything_stored() == before
    shown = terminal.json("people", "invite", "northwind", "--dry-run", "--json")
    assert [each["purpose"] for each in shown] == ["activation", "activation", None]


def test_the_list_says_whose_link_leads_nowhere(terminal: Terminal) -> None:
    """They stay invited, so that nobody else would see that they wait for a link."""
    prepared(terminal).run("people", "invite", "northwind")

    def remarks() -> list[str]:
        header, *rows = terminal.run(
            "people", "list", "northwind", "--status", "invited"
        ).splitlines()
        return [row[header.index("remark") :] for row in rows]

    assert remarks() == ["-", "-"]
    terminal.run("people", "revoke", "northwind", "nina.alvarez")
    terminal.sql("UPDATE invitations SET expires_at = '2026-03-02 00:00:00'")
    assert remarks() == ["link revoked", "link expired"]
    terminal.run("people", "invite", "northwind", "--status", "invited")
    assert remarks() == ["-", "-"]


def test_who_has_a_number_and_is_named_gets_a_mail_to_change_it(terminal: Terminal) -> None:
    said = prepared(terminal).run("people", "invite", "northwind", "mia.keller")
    assert said == "Wrote to 0 people of northwind, and to 1 who can change their number.\n"
    [mail] = terminal.stored(Mail)
    assert mail.template == "activation_again"


def test_self_service_is_switched_on_with_the_invitation_if_that_is_asked_for(
    terminal: Terminal,
) -> None:
    prepared(terminal).run("people", "invite", "northwind", "nina.alvarez", "--self-serve")
    switched = {person.username: person.self_serve for person in terminal.stored(Person)}
    assert switched["nina.alvarez"] is True
    assert switched["omar.said"] is False
    events = [event.event for event in terminal.stored(AuditEvent)]
    assert "person:self_serve:on" in events


def test_no_link_stands_in_the_database_or_is_printed(terminal: Terminal) -> None:
    said = prepared(terminal).run("people", "invite", "northwind", "--json")
    assert "activate" not in said
    assert all("link" not in mail.facts for mail in terminal.stored(Mail))


def test_somebody_unknown_or_suspended_is_said_so(terminal: Terminal) -> None:
    prepared(terminal)
    assert "did you mean nina.alvarez?" in terminal.refused(
        "people", "invite", "northwind", "nina.alvares"
    )
    change(terminal, "nina.alvarez", suspended_at=terminal.stored(Person)[0].created_at)
    result = terminal.enter("people", "invite", "northwind", "nina.alvarez")
    assert result.stderr.splitlines()[-1] == "nina.alvarez is suspended"
    assert invited(terminal) == []


def test_a_link_is_revoked_once(terminal: Terminal) -> None:
    prepared(terminal).run("people", "invite", "northwind", "nina.alvarez")
    assert terminal.run("people", "revoke", "northwind", "nina.alvarez") == "Revoked 1 link.\n"
    assert terminal.run("people", "revoke", "northwind", "nina.alvarez") == "Revoked 0 links.\n"
    [invitation] = terminal.stored(Invitation)
    assert (invitation.ended_for, invitation.remind_at) == ("revoked", None)


def test_nobody_is_approved_without_an_invitation(terminal: Terminal) -> None:
    with_settings(prepared(terminal))
    refused = terminal.refused("people", "approve", "northwind", "nina.alvarez", "--yes")
    assert "send one with `resetline people invite northwind nina.alvarez`" in refused
    terminal.run("people", "invite", "northwind", "nina.alvarez")
    said = terminal.run("people", "approve", "northwind", "nina.alvarez", "--yes")
    assert said == "Approved nina.alvarez for whatever number they prove with their link.\n"


def test_an_operator_sees_the_number_that_they_attest_and_is_asked(waits: Terminal) -> None:
    words = ("people", "approve", "northwind", "nina.alvarez")
    assert typed(waits, "n", *words).endswith("resetline: nothing was approved")
    assert waits.people()["nina.alvarez"]["awaits_approval"] is True
    assert "Is it nina.alvarez who is to have +1***0177? [y/N]" in typed(waits, "y", *words)
    assert waits.phone_of("nina.alvarez")["verified"] is True


def test_where_nobody_can_be_asked_nothing_is_approved_without_yes(waits: Terminal) -> None:
    words = ("people", "approve", "northwind", "nina.alvarez")
    refused = waits.refused(*words, stdin="y\n")
    assert "say --yes once you know: Is it nina.alvarez who is to have +1***0177?" in refused
    assert waits.phone_of("nina.alvarez")["verified"] is False
    assert waits.run(*words, "--yes") == "Approved nina.alvarez for +1***0177.\n"


def test_a_number_that_may_not_be_theirs_is_not_approved_and_the_reason_is_said(
    waits: Terminal,
) -> None:
    waits.opts(NINA, out=True)
    refused = waits.refused("people", "approve", "northwind", "nina.alvarez", "--yes")
    assert "STOP was texted from their number, so have them text START first" in refused


def test_who_waits_for_approval_is_listed_and_found(waits: Terminal) -> None:
    listed = waits.run("people", "list", "northwind", "--awaiting-approval").splitlines()
    assert [line.split()[0] for line in listed[1:]] == ["nina.alvarez"]
    assert listed[1].endswith("waits for approval")
    waits.run("people", "approve", "northwind", "nina.alvarez", "--yes")
    left = waits.run("people", "list", "northwind", "--awaiting-approval")
    assert left == "There is nobody like that.\n"


@pytest.fixture
def waits(terminal: Terminal) -> Terminal:
    """Nina has proved a number with her link, and an operator has to attest it."""
    with_settings(prepared(terminal)).run("policy", "set", "northwind", "enrol_proof=operator")
    terminal.run("people", "invite", "northwind", "nina.alvarez")
    [invitation] = terminal.stored(Invitation)
    seal = Seal([SecretStr(terminal.environment["SECRET_KEYS"])])
    phone = Phone(
        tenant_id=invitation.tenant_id,
        person_id=invitation.person_id,
        sealed_number=seal.seal(SecretStr(NINA)),
        number_index=seal.index(NINA),
        created_at=invitation.created_at,
    )
    proof = Proof(
        tenant_id=invitation.tenant_id,
        organization_id=invitation.organization_id,
        person_id=invitation.person_id,
        invitation_id=invitation.id,
        phone=phone,
        seed="0" * 32,
        created_at=invitation.created_at,
        sent_at=invitation.created_at,
        expires_at=invitation.created_at,
        ended_at=invitation.created_at,
        ended_for=ProofEnd.PROVED,
    )
    terminal.store(proof)
    return terminal


def with_settings(terminal: Terminal) -> Terminal:
    terminal.environment |= {
        "PUBLIC_URL": "https://reset.example.com",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "a-token-of-this-test",
        "TWILIO_FROM": "+14155550100",
    }
    return terminal


def typed(terminal: Terminal, answer: str, *words: str) -> str:
    """What a command says on a real terminal, where it is answered: the last line of it."""
    ours, theirs = os.openpty()
    with terminal.start(*words, stdin=theirs, stderr=subprocess.PIPE) as process:
        os.write(ours, f"{answer}\n".encode())
        _, said = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    return str(said.decode().splitlines()[-1])
