"""The two directories that the demo can run on, and the file that says how to reach either."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from simulator.demo.parts import Parts
from simulator.phone.places import sample_people
from simulator.samba import BASE_DN, SambaDomain

SECONDS_TO_START = 30.0


@dataclass(frozen=True, slots=True)
class DirectoryAccess:
    """How the product reaches the directory, as its service account."""

    url: str
    ca_file: str
    base_dn: str
    bind_dn: str
    bind_password_file: str

    @classmethod
    def read(cls, state: Path) -> DirectoryAccess:
        """From what was written when the directory was started."""
        given = json.loads(state.read_text())
        return cls(**{name: given[name] for name in cls.__dataclass_fields__})


def simulated(state: Path, port: int) -> list[str]:
    """The simulator's options for a directory of its own, which writes the file itself."""
    return [
        *("--with-directory", "--directory-port", str(port)),
        *("--directory-state-out", str(state)),
    ]


def start_samba(parts: Parts, state: Path, home: Path, environment: Mapping[str, str]) -> list[str]:
    """A real domain in `home`; returns the simulator's options for looking into it."""
    domain = SambaDomain(home, lambda called, command: parts.run(called, command, environment))
    domain.provision()
    samba = parts.start("samba", domain.command, environment)
    parts.wait_for(samba, domain.answers, SECONDS_TO_START)
    domain.populate()
    service = _written(state.with_name("service.password"), domain.accounts.service)
    viewer = _written(state.with_name("viewer.password"), domain.accounts.viewer)
    access = DirectoryAccess(
        domain.url, str(domain.ca_file), BASE_DN, domain.service_dn, str(service)
    )
    _written(state, json.dumps(asdict(access), indent=2))
    people = [asdict(person) for person in sample_people() if person.username]
    phones = _written(state.with_name("phones.json"), json.dumps(people, indent=2))
    return [
        *("--directory-url", domain.url, "--directory-ca-file", str(domain.ca_file)),
        *("--viewer-dn", domain.viewer_dn, "--viewer-password-file", str(viewer)),
        *("--base-dn", BASE_DN, "--people", str(phones)),
    ]


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
