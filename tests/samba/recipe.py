"""How the test domain is made: provisioned, its lockout set, and a service account delegated."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from simulator.active_directory import CertificateAuthority

REALM = "CORP.EXAMPLE.TEST"
HOST = "dc1.corp.example.test"
DOMAIN_DN = "DC=corp,DC=example,DC=test"
STAFF_DN = f"OU=Staff,{DOMAIN_DN}"
ELSEWHERE_DN = f"OU=Elsewhere,{DOMAIN_DN}"
ADMINISTRATOR = f"Administrator@{REALM.lower()}"
ADMINISTRATOR_PASSWORD = "Adm1n-of-the-test-domain"
SERVICE_ACCOUNT = f"resetline-svc@{REALM.lower()}"
SERVICE_PASSWORD = "Serv1ce-of-the-test-domain"
USER_PASSWORD = "First-Passw0rd-of-all"
LOCKOUT_THRESHOLD = 3
MIN_LENGTH = 12

CLASS_USER = "bf967aba-0de6-11d0-a285-00aa003049e2"
RESET_PASSWORD = "00299570-246d-11d0-a768-00aa006e0529"
LOCKOUT_TIME = "28630ebf-41d5-11d1-a9c1-0000f80367c1"
PWD_LAST_SET = "bf967a0a-0de6-11d0-a285-00aa003049e2"


def fingerprint() -> str:
    """Names what the domain was made of, so that a changed recipe makes a new one."""
    version = subprocess.run(["samba", "--version"], capture_output=True, check=True).stdout
    return hashlib.sha256(version + Path(__file__).read_bytes()).hexdigest()[:12]


def provision(home: Path) -> None:
    """Make the domain in an empty folder. Samba's files name this path and cannot be moved."""
    home.mkdir(parents=True)
    samba_tool(
        *("domain", "provision", f"--realm={REALM}", "--domain=CORP", "--server-role=dc"),
        *(f"--adminpass={ADMINISTRATOR_PASSWORD}", "--dns-backend=SAMBA_INTERNAL"),
        *("--host-name=dc1", "--host-ip=127.0.0.1", f"--targetdir={home}"),
        *("--option=interfaces=lo", "--option=bind interfaces only=yes"),
        *("--option=vfs objects =", f"--option=log file={home}/log.%m"),
        *(f"--option=pid directory={home}", f"--option=ncalrpc dir={home}/ncalrpc"),
    )
    _certify(home)
    here = ("-s", str(configuration(home)))
    samba_tool(
        *("domain", "passwordsettings", "set", f"--min-pwd-length={MIN_LENGTH}", *here),
        *(f"--account-lockout-threshold={LOCKOUT_THRESHOLD}", "--account-lockout-duration=30"),
        "--min-pwd-age=0",
    )
    samba_tool("ou", "add", STAFF_DN, *here)
    samba_tool("ou", "add", ELSEWHERE_DN, *here)
    name = SERVICE_ACCOUNT.partition("@")[0]
    samba_tool("user", "add", name, SERVICE_PASSWORD, *here)
    shown = samba_tool("user", "show", name, "--attributes=objectSid", *here)
    sid = shown.partition("objectSid: ")[2].split()[0]
    _delegate(sid, here)


def _delegate(sid: str, here: tuple[str, str]) -> None:
    """The three rights that the product asks an operator to grant, in one container only."""
    rights = (("CR", RESET_PASSWORD), ("RPWP", LOCKOUT_TIME), ("RPWP", PWD_LAST_SET))
    for right, what in rights:
        ace = f"(OA;CI;{right};{what};{CLASS_USER};{sid})"
        samba_tool("dsacl", "set", f"--objectdn={STAFF_DN}", f"--sddl={ace}", *here)


def _certify(home: Path) -> None:
    """Our own certificate, so that `localhost` proves itself and no resolver needs to be bent."""
    authority = CertificateAuthority()
    issued = authority.issue(HOST, "localhost", "127.0.0.1")
    (home / "key.pem").touch(mode=0o600)
    (home / "key.pem").write_text(issued.key_pem)
    (home / "certificate.pem").write_text(issued.certificate_pem)
    (home / "ca.pem").write_text(authority.pem)
    files = (("certfile", "certificate.pem"), ("keyfile", "key.pem"), ("cafile", "ca.pem"))
    lines = "".join(f"tls {name} = {home}/{file}\n" for name, file in files)
    written = configuration(home).read_text()
    configuration(home).write_text(written.replace("[global]\n", "[global]\n" + lines, 1))


def configuration(home: Path) -> Path:
    """Where the domain's smb.conf is."""
    return home / "etc" / "smb.conf"


def samba_tool(*arguments: str) -> str:
    """Run Samba's own tool, which works on the files also while Samba runs."""
    done = subprocess.run(["samba-tool", *arguments], capture_output=True, text=True)
    if done.returncode:
        message = f"samba-tool {arguments[:2]} failed: {done.stdout}{done.stderr}"
        raise RuntimeError(message)
    return done.stdout
