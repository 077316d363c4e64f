"""Where the people of the demo have their accounts: a simulated directory, or an existing one."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulator.active_directory import STAFF, ActiveDirectoryServer, Sample, sample_domain
from simulator.active_directory.sample import DOMAIN_ADMIN
from simulator.phone.directory_window import DirectoryWindow
from simulator.phone.people import Person, with_stranger
from simulator.phone.signing_in import Window

MAIL_DOMAIN = "northwind.example.test"
NOTES = {
    "nina.alvarez": "New here: begin in her inbox",
    "noah.lindqvist": "Driver, always on the road",
    "tom.becker": "Left in May: his account is disabled",
    "dana.whitfield": "IT lead: a protected account",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A window onto the directory, and whose phones there are unless a file says otherwise."""

    window: Window | None = None
    people: tuple[Person, ...] = with_stranger(())


@contextmanager
def simulated(port: int, state_out: Path | None) -> Iterator[Place]:
    """Northwind Traders, for as long as this lasts. `state_out` tells others how to reach it."""
    sample = sample_domain()
    with ActiveDirectoryServer(sample.domain, port=port) as server:
        if state_out is not None:
            write_state(state_out, server, sample)
        window = DirectoryWindow(
            server.url,
            server.ca_file,
            sample.service_dn,
            sample.service_password,
            sample.domain.base_dn,
        )
        try:
            yield Place(window, sample_people())
        finally:
            window.close()


def existing(
    url: str,
    ca_file: Path | None,
    viewer_dn: str | None,
    viewer_password_file: Path | None,
    base_dn: str | None,
    server_name: str = "",
) -> Place:
    """Any Active Directory that speaks LDAP over TLS, Samba's for one."""
    if ca_file is None or viewer_dn is None or viewer_password_file is None or base_dn is None:
        raise ValueError(
            "--directory-url needs --directory-ca-file, --viewer-dn, --viewer-password-file "
            "and --base-dn beside it"
        )
    password = viewer_password_file.read_text(encoding="utf-8").rstrip("\r\n")
    return Place(DirectoryWindow(url, ca_file, viewer_dn, password, base_dn, server_name))


def write_state(path: Path, server: ActiveDirectoryServer, sample: Sample) -> None:
    """A JSON file, and beside it the authority's certificate and the password, for us alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ca_file, password_file = path.with_suffix(".ca.pem"), path.with_suffix(".password")
    ca_file.write_text(server.ca_pem, encoding="utf-8")
    _write_for_us_alone(password_file, sample.service_password)
    state = {
        "url": server.url,
        "ca_file": str(ca_file.resolve()),
        "base_dn": sample.domain.base_dn,
        "staff_dn": sample.staff_dn,
        "bind_dn": sample.service_dn,
        "bind_password_file": str(password_file.resolve()),
    }
    _write_for_us_alone(path, json.dumps(state, indent=2) + "\n")


def _write_for_us_alone(path: Path, text: str) -> None:
    """Whole or not at all, so that whoever waits for the file never reads half of it."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def sample_people() -> tuple[Person, ...]:
    """The phones of Northwind Traders, and the stranger's."""
    return with_stranger(
        Person(
            username=each.username,
            display_name=each.name,
            phone=_e164(each.handset),
            note=NOTES.get(each.username, each.title),
            email=f"{each.username}@{MAIL_DOMAIN}",
        )
        for each in (*STAFF, DOMAIN_ADMIN)
    )


def _e164(mobile: str) -> str:
    """The directory holds numbers as people write them; all of these are American."""
    return "+1" + re.sub(r"\D", "", mobile)[-10:]
