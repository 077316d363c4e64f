"""How a directory is reached: told with its password in a file, tried out, and never leaked."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from gateway.records import DirectoryRecord
from gateway.seal import Seal
from simulator.active_directory import ActiveDirectoryServer, Sample, sample_domain
from simulator.active_directory.computed import COMPUTED
from tests.gateway.cli.conftest import Terminal

PASSWORD = "Correct-Horse-Battery-9"


@pytest.fixture(scope="module")
def sample() -> Sample:
    return sample_domain()


@pytest.fixture(scope="module")
def server(sample: Sample) -> Iterator[ActiveDirectoryServer]:
    with ActiveDirectoryServer(sample.domain) as server:
        yield server


def words(terminal: Terminal, **changes: str | None) -> list[str]:
    options: dict[str, str | None] = {
        "url": "ldaps://dc1.example.test",
        "base-dn": "DC=example,DC=test",
        "bind-dn": "svc@example.test",
        "bind-password-file": terminal.file("password", f"{PASSWORD}\n"),
        **changes,
    }
    given = [(f"--{name}", value) for name, value in options.items() if value is not None]
    return ["directory", "set", "northwind", *(word for option in given for word in option)]


def stored(terminal: Terminal) -> DirectoryRecord:
    (record,) = terminal.stored(DirectoryRecord)
    return record


def opened(terminal: Terminal) -> str:
    seal = Seal([SecretStr(terminal.environment["SECRET_KEYS"])])
    return seal.unseal(stored(terminal).sealed_bind_password).get_secret_value()


def test_a_directory_is_kept_with_its_password_sealed(
    terminal: Terminal, server: ActiveDirectoryServer
) -> None:
    terminal.run(
        *words(terminal, **{"ca-file": str(server.ca_file)}),
        *("--url", "ldaps://dc2.example.test", "--url", "ldaps://dc2.example.test"),
        *("--protected-group", "CN=VIPs,DC=example,DC=test"),
    )
    assert stored(terminal).options == {
        "urls": ["ldaps://dc1.example.test", "ldaps://dc2.example.test"],
        "base_dn": "DC=example,DC=test",
        "bind_dn": "svc@example.test",
        "protected_groups": ["CN=VIPs,DC=example,DC=test"],
    }
    assert stored(terminal).ca_pem == server.ca_pem
    assert opened(terminal) == PASSWORD
    assert terminal.events()[-1] == "directory:set"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_one_line_end_is_not_part_of_the_password(terminal: Terminal, end: str) -> None:
    terminal.run(
        *words(terminal, **{"bind-password-file": terminal.file("p", f" pass word {end}")})
    )
    assert opened(terminal) == " pass word "


def test_the_password_may_come_from_standard_input(terminal: Terminal) -> None:
    terminal.run(*words(terminal, **{"bind-password-file": "-"}), stdin=f"{PASSWORD}\n")
    assert opened(terminal) == PASSWORD


def test_the_password_is_in_no_output_and_not_readable_in_the_database(
    terminal: Terminal,
) -> None:
    outputs = [
        terminal.enter(*command).output
        for command in (
            words(terminal),
            ["directory", "show", "northwind"],
            ["directory", "show", "northwind", "--json"],
            ["directory", "test", "northwind"],
            ["audit", "export"],
            ["--debug", "directory", "test", "northwind", "--json"],
        )
    ]
    assert opened(terminal) == PASSWORD
    assert PASSWORD not in "".join(outputs)
    assert PASSWORD.encode() not in terminal.everything_stored()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the password file is empty"),
        (b"\n", "the password file is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b"one\ntwo\n", "more than one line"),
    ],
)
def test_a_password_file_that_holds_no_password_is_refused(
    terminal: Terminal, content: bytes, said: str
) -> None:
    file = terminal.file("bad", content)
    assert said in terminal.refused(*words(terminal, **{"bind-password-file": file}))
    assert terminal.stored(DirectoryRecord) == []


def test_a_password_file_that_others_can_read_is_warned_of(terminal: Terminal) -> None:
    for mode, warned in ((0o600, False), (0o640, True), (0o604, True)):
        file = terminal.file("p", PASSWORD, mode)
        result = terminal.enter(*words(terminal, **{"bind-password-file": file}))
        assert result.exit_code == 0
        assert ("Warning: others can read" in result.stderr) == warned


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "http://dc1"}, "not of the form ldaps://host[:port]: nothing was changed"),
        ({"base-dn": "example.test"}, "is not a distinguished name"),
    ],
)
def test_a_directory_that_could_not_work_is_refused(
    terminal: Terminal, changes: dict[str, str], said: str
) -> None:
    assert said in terminal.refused(*words(terminal, **changes))
    assert terminal.stored(DirectoryRecord) == []


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        ("no certificate", "not readable PEM"),
        (b"\xff", "is not PEM"),
        ("-----BEGIN RSA PRIVATE KEY-----", "holds a private key: give a file with certificates"),
    ],
)
def test_a_ca_file_that_holds_none_is_refused(
    terminal: Terminal, pem: str | bytes, said: str
) -> None:
    assert said in terminal.refused(*words(terminal, **{"ca-file": terminal.file("ca", pem)}))


def test_missing_options_and_files_are_wrong_usage(terminal: Terminal) -> None:
    assert "--base-dn" in terminal.refused(*words(terminal, **{"base-dn": None}), status=2)
    missing = {"bind-password-file": "/nowhere"}
    assert "does not exist" in terminal.refused(*words(terminal, **missing), status=2)
    assert "entra" in terminal.refused(*words(terminal, kind="entra"), status=2)


def test_a_changed_directory_is_connected_to_anew(terminal: Terminal) -> None:
    terminal.run(*words(terminal))
    before = stored(terminal).changed_at
    terminal.run(*words(terminal, url="ldaps://dc9.example.test"))
    assert stored(terminal).changed_at > before
    assert stored(terminal).options["urls"] == ["ldaps://dc9.example.test"]


def test_it_is_shown_without_secrets(terminal: Terminal) -> None:
    terminal.run(*words(terminal))
    shown = terminal.json("directory", "show", "northwind", "--json")
    assert shown["kind"] == "active_directory"
    assert shown["bind_dn"] == "svc@example.test"
    assert "sealed" not in str(shown)
    assert "base dn          DC=example,DC=test" in terminal.run("directory", "show", "northwind")


@pytest.mark.parametrize("command", ["show", "test"])
def test_without_a_directory_it_says_what_to_do(terminal: Terminal, command: str) -> None:
    assert "resetline directory set" in terminal.refused("directory", command, "northwind")
    said = terminal.refused("directory", command, "nothwind")
    assert "there is no organization 'nothwind': did you mean northwind?" in said


def _at(
    server: ActiveDirectoryServer, sample: Sample, terminal: Terminal, password: str
) -> list[str]:
    return words(
        terminal,
        **{
            "url": server.url,
            "base-dn": sample.staff_dn,
            "bind-dn": sample.service_dn,
            "bind-password-file": terminal.file("service-password", password),
            "ca-file": str(server.ca_file),
        },
    )


def test_a_directory_that_works_is_shown_step_by_step(
    terminal: Terminal, server: ActiveDirectoryServer, sample: Sample
) -> None:
    terminal.run(*_at(server, sample, terminal, sample.service_password))
    lines = terminal.run("directory", "test", "northwind").splitlines()
    assert len(lines) > 5
    assert all(line.startswith("✓ ") for line in lines)
    assert any("sign-in: the service account was accepted" in line for line in lines)


def test_groups_that_a_policy_protects_have_to_be_found_as_well(
    terminal: Terminal, server: ActiveDirectoryServer, sample: Sample
) -> None:
    terminal.run(*_at(server, sample, terminal, sample.service_password))
    terminal.run(
        "policy", "set", "northwind", f"protected_groups=CN=Nobody,{sample.domain.base_dn}"
    )
    result = terminal.enter("directory", "test", "northwind")
    assert result.exit_code == 1
    assert f"the protected group CN=Nobody,{sample.domain.base_dn} cannot be found" in result.stdout


def test_a_directory_that_does_not_work_is_shown_step_by_step_with_status_1(
    terminal: Terminal, server: ActiveDirectoryServer, sample: Sample
) -> None:
    terminal.run(*_at(server, sample, terminal, "a wrong password"))
    result = terminal.enter("directory", "test", "northwind")
    assert result.exit_code == 1
    assert "✓ localhost" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("✗ localhost")
    told = terminal.enter("directory", "test", "northwind", "--json")
    assert told.exit_code == 1
    assert '"ok": false' in told.stdout


def test_what_can_be_done_without_is_a_warning_and_no_failure(
    terminal: Terminal,
    server: ActiveDirectoryServer,
    sample: Sample,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(COMPUTED, "replpropertymetadata")
    terminal.run(*_at(server, sample, terminal, sample.service_password))
    lines = terminal.run("directory", "test", "northwind").splitlines()
    (warned,) = [line for line in lines if not line.startswith("✓ ")]
    assert warned.startswith("! unused passwords: the service account may not read")
    told = terminal.json("directory", "test", "northwind", "--json")
    assert [(each["name"], each["ok"]) for each in told if each["warning"]] == [
        ("unused passwords", True)
    ]


def test_a_lost_key_is_a_step_that_fails(terminal: Terminal, bare: Terminal) -> None:
    terminal.run(*words(terminal))
    terminal.environment["SECRET_KEYS"] = bare.run("keys", "new").strip()
    result = terminal.enter("directory", "test", "northwind")
    assert result.exit_code == 1
    assert result.stdout.startswith("✗ settings: SECRET_KEYS lacks the key")


def test_a_terminal_without_such_signs_gets_words(terminal: Terminal) -> None:
    terminal.run(*words(terminal, url="ldaps://127.0.0.1:1"))
    terminal.environment["PYTHONIOENCODING"] = "latin-1"
    shown = terminal.start("directory", "test", "northwind", stdout=subprocess.PIPE)
    out, _ = shown.communicate(timeout=60)
    assert out.startswith(b"FAILED 127.0.0.1:1")
    assert shown.returncode == 1
