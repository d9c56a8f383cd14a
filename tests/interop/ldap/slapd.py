"""Debian's slapd on loopback: a school's directory, with StartTLS, groups and locked accounts."""

import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from synfonium.testing.ports import free_ports

BASE = "dc=school,dc=example"
READER, READERS_PASSWORD = f"cn=reader,{BASE}", "may-only-search"
ROOT, ROOTS_PASSWORD = f"cn=root,{BASE}", "root-of-the-school"
START_S = 20.0

_CONF = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
pidfile {folder}/slapd.pid
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
security simple_bind=64
database mdb
suffix "{base}"
rootdn "{root}"
rootpw {roots_password}
directory {folder}/data
maxsize 16777216
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by self read by * auth
overlay memberof
overlay ppolicy
ppolicy_default "cn=policy,{base}"
"""

_TREE = """
dn: {base}
objectClass: dcObject
objectClass: organization
o: School
dc: school

dn: {reader}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {readers_password}

dn: cn=policy,{base}
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE

dn: ou=people,{base}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{base}
objectClass: organizationalUnit
ou: groups
"""

_PERSON = """
dn: uid={uid},ou=people,{base}
objectClass: inetOrgPerson
uid: {uid}
cn: {cn}
sn: {cn}
mail: {uid}@school.example
userPassword: {uid}-school-password
"""

_GROUP = """
dn: cn={cn},ou=groups,{base}
objectClass: groupOfNames
cn: {cn}
member: uid={uid},ou=people,{base}
"""


@dataclass
class School:
    """The directory as tests change it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def ca(self) -> str:
        return (self.folder / "ca.pem").read_text()

    @property
    def _socket(self) -> str:
        """Its own door for the tests: libldap takes "localhost" for the machine's other name."""
        return f"ldapi://{quote(str(self.folder / 'ldapi'), safe='')}"

    def add(self, uid: str, cn: str) -> None:
        self.ldif("ldapadd", _PERSON.format(uid=uid, cn=cn, base=BASE))

    def add_group(self, cn: str, uid: str) -> None:
        self.ldif("ldapadd", _GROUP.format(cn=cn, uid=uid, base=BASE))

    def change(self, uid: str, text: str) -> None:
        self.ldif("ldapmodify", f"dn: uid={uid},ou=people,{BASE}\nchangetype: modify\n{text}\n")

    def rename(self, uid: str, to: str) -> None:
        change = f"changetype: modrdn\nnewrdn: uid={to}\ndeleteoldrdn: 1\n"
        self.ldif("ldapmodify", f"dn: uid={uid},ou=people,{BASE}\n{change}")

    def remove(self, *uids: str) -> None:
        for uid in uids:
            self.ldif("ldapmodify", f"dn: uid={uid},ou=people,{BASE}\nchangetype: delete\n")

    def ldif(self, program: str, text: str) -> None:
        done = subprocess.run(
            [program, "-H", self._socket, "-x", "-D", ROOT, "-w", ROOTS_PASSWORD],
            input=text.strip() + "\n",
            text=True,
            capture_output=True,
            timeout=20,
        )
        assert done.returncode == 0, done.stderr

    @property
    def asked(self) -> list[str]:
        """What it was asked so far, in order, as `BIND`, `SRCH` or `EXT` (by its own log)."""
        log = (self.folder / "slapd.log").read_text("utf-8", "replace")
        return re.findall(r" op=\d+ (BIND(?= .*method=)|SRCH(?= base=)|EXT|UNBIND)\b", log)

    def begin(self) -> None:
        command = ["/usr/sbin/slapd", "-d", "256", "-f", str(self.folder / "slapd.conf")]
        log = (self.folder / "slapd.log").open("ab")
        self.process = subprocess.Popen(
            [*command, "-h", f"ldap://127.0.0.1:{self.port} {self._socket}"], stdout=log, stderr=log
        )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "slapd.log").read_text())

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(10)


def make_certificates(folder: Path, name: str = "localhost") -> None:
    """An authority, and a certificate for `name` alone."""
    now = datetime.now(UTC)
    keys = [rsa.generate_private_key(65537, 2048) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in ("School CA", name)]
    for index, path in enumerate(("ca", "server")):
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[index])
            .issuer_name(names[0])
            .public_key(keys[index].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=index == 0, path_length=None), critical=True)
        )
        if index:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        made = builder.sign(keys[0], hashes.SHA256())
        (folder / f"{path}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.key").write_bytes(key)


@contextmanager
def school(folder: Path) -> Iterator[School]:
    """A served directory with two people and a group; skips without slapd (fails in CI)."""
    if shutil.which("slapd", path="/usr/sbin:/usr/bin") is None or shutil.which("ldapadd") is None:
        import os

        message = "slapd is not installed; ./test names the package (requirements/debian.toml)"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    (folder / "data").mkdir(parents=True)
    make_certificates(folder)
    values = {"folder": folder, "base": BASE, "reader": READER, "root": ROOT}
    passwords = {"roots_password": ROOTS_PASSWORD, "readers_password": READERS_PASSWORD}
    (folder / "slapd.conf").write_text(_CONF.format(**values, **passwords))
    (port,) = free_ports(1)
    made = School(folder, port)
    made.begin()
    try:
        made.ldif("ldapadd", _TREE.format(base=BASE, reader=READER, readers_password=READERS_PASSWORD))
        made.add("ada", "Ada Lovelace")
        made.add("bob", "Bob Kahn")
        made.add_group("teachers", "ada")
        yield made
    finally:
        made.end()
