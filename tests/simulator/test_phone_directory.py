"""The window onto the directory, against the simulated Active Directory over real TLS."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.active_directory import ActiveDirectoryServer, Sample, sample_domain
from simulator.phone.directory_window import DirectoryWindow
from simulator.phone.places import simulated
from simulator.phone.signing_in import DirectoryGone, Outcome

# On Python 3.11 ldap3 still calls what that version deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")

MIA, TOM = "mia.keller", "tom.becker"
ONE_TIME, CHOSEN = "Maple-Anchor-73-Violin", "A-Brand-New-Pass-9"


@pytest.fixture
def sample() -> Sample:
    return sample_domain(passwords={MIA: "Usual-Pass-2026", TOM: "Usual-Pass-2026"})


@pytest.fixture
def server(sample: Sample) -> Iterator[ActiveDirectoryServer]:
    with ActiveDirectoryServer(sample.domain) as server:
        yield server


@pytest.fixture
def window(server: ActiveDirectoryServer, sample: Sample) -> Iterator[DirectoryWindow]:
    window = window_on(server, sample)
    yield window
    window.close()


def window_on(
    server: ActiveDirectoryServer, sample: Sample, password: str | None = None
) -> DirectoryWindow:
    return DirectoryWindow(
        server.url,
        server.ca_file,
        sample.service_dn,
        password or sample.service_password,
        sample.domain.base_dn,
    )


def test_an_account_is_seen_as_it_stands(window: DirectoryWindow, sample: Sample) -> None:
    account = window.state(MIA)
    assert account is not None
    assert account.display_name == "Mia Keller"
    assert account.password_last_set is not None
    assert account.password_expires is not None
    assert account.expires is None
    assert not any((account.locked, account.must_change, account.disabled, account.expired))

    sample.domain.lock_out(MIA)
    locked = window.state(MIA)
    assert locked is not None
    assert locked.locked
    assert locked.locked_since is not None


def test_nobody_of_that_name_is_nobody(window: DirectoryWindow) -> None:
    assert window.state("nobody") is None
    assert window.state("*") is None
    assert window.sign_in("nobody", "Usual-Pass-2026") is Outcome.WRONG


def test_signing_in_is_a_real_bind(window: DirectoryWindow, sample: Sample) -> None:
    assert window.sign_in(MIA, "Usual-Pass-2026") is Outcome.WELCOME
    assert window.sign_in(MIA, "") is Outcome.WRONG
    for _ in range(3):
        assert window.sign_in(MIA, "nonsense") is Outcome.WRONG
    assert window.sign_in(MIA, "Usual-Pass-2026") is Outcome.LOCKED
    assert sample.domain.is_locked(MIA)


def test_a_disabled_account_says_so(window: DirectoryWindow) -> None:
    assert window.sign_in(TOM, "Usual-Pass-2026") is Outcome.DISABLED
    account = window.state(TOM)
    assert account is not None
    assert account.disabled


def test_a_one_time_password_must_be_changed_and_then_works(
    window: DirectoryWindow, sample: Sample
) -> None:
    sample.domain.set_password(MIA, ONE_TIME, must_change=True)
    account = window.state(MIA)
    assert account is not None
    assert account.must_change
    assert window.sign_in(MIA, ONE_TIME) is Outcome.MUST_CHANGE

    assert window.change_password(MIA, ONE_TIME, "short") is Outcome.NOT_GOOD_ENOUGH
    assert window.change_password(MIA, "not it", CHOSEN) is Outcome.WRONG
    assert window.change_password(MIA, ONE_TIME, CHOSEN) is Outcome.WELCOME
    assert window.sign_in(MIA, CHOSEN) is Outcome.WELCOME


def test_a_connection_that_has_gone_stale_is_opened_anew(
    window: DirectoryWindow, server: ActiveDirectoryServer
) -> None:
    assert window.state(MIA)
    server.stop()
    server.start()
    assert window.state(MIA)


def test_a_directory_that_is_gone_is_gone(
    window: DirectoryWindow, server: ActiveDirectoryServer
) -> None:
    server.stop()
    with pytest.raises(DirectoryGone):
        window.state(MIA)
    assert window.sign_in(MIA, "Usual-Pass-2026") is Outcome.UNREACHABLE
    assert window.change_password(MIA, "Usual-Pass-2026", CHOSEN) is Outcome.UNREACHABLE


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_certificate_that_proves_another_server_is_not_trusted(
    server: ActiveDirectoryServer, sample: Sample
) -> None:
    server.present_certificate_for("elsewhere.example.test")
    assert window_on(server, sample).sign_in(MIA, "Usual-Pass-2026") is Outcome.UNREACHABLE
    gc.collect()  # ldap3 forgets to close a socket whose certificate it refuses.


def test_a_viewer_who_is_refused_sees_nothing(
    server: ActiveDirectoryServer, sample: Sample
) -> None:
    with pytest.raises(DirectoryGone):
        window_on(server, sample, "not the password").state(MIA)


def test_only_ldaps_will_do() -> None:
    with pytest.raises(ValueError, match="ldaps://"):
        DirectoryWindow("ldap://dc1.example.test", Path("ca.pem"), "", "", "")


def test_the_simulated_place_comes_with_phones_for_its_people() -> None:
    with simulated(0, None) as place:
        assert place.window is not None
        assert place.window.state(place.people[0].username) is not None
        assert all(person.phone.startswith("+1202555") for person in place.people)
        assert place.people[-1].key == "stranger"
