"""`tls = "internal"`: an authority of the installation's own, which each device trusts once.

It may vouch for this installation's names alone (name constraints, RFC 5280 4.2.1.10): a
device that trusts it risks nothing else, even if the home were stolen.
"""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from synfonium.kernel.asgi import ASGIApp, Receive, Scope, Send, raw_path, respond
from synfonium.kernel.refusals import MethodNotAllowed
from synfonium.kernel.tls.certificate import (
    Names,
    is_due,
    key_pem,
    names_in,
    new_key,
    read_certificate,
    write_secret,
)
from synfonium.kernel.tls.pair import Pair
from synfonium.ports.clock import Clock

AUTHORITY_DAYS = 3650
LEAF_DAYS = 90
# Clocks of phones and small machines are a little late.
EARLIER = timedelta(hours=1)
DOOR = "/.well-known/synfonium/authority.crt"


class InternalCertificates:
    """Certificates for `names`, signed by the authority kept in `folder`, renewed by themselves."""

    check_every_s = 3600.0

    def __init__(self, folder: Path, names: Names, clock: Clock) -> None:
        self._authority, self._leaf = folder / "authority.pem", folder / "internal.pem"
        self._names, self._clock = names, clock
        self.doors: Mapping[str, ASGIApp] = {DOOR: self._download}

    def pair(self) -> Pair:
        authority, key = self._open_authority()
        leaf = read_certificate(self._leaf)
        if leaf is None or not self._is_good(leaf, authority):
            leaf_key = new_key()
            leaf = issue(authority, key, leaf_key, self._names, self._now())
            chain = _pem(leaf) + _pem(authority)
            write_secret(self._leaf, chain + key_pem(leaf_key))
        return Pair(self._leaf, self._leaf, leaf.fingerprint(hashes.SHA256()).hex())

    def renew(self) -> None:
        self.pair()

    def _is_good(self, leaf: x509.Certificate, authority: x509.Certificate) -> bool:
        if leaf.issuer != authority.subject or names_in(leaf) != self._names:
            return False
        return not is_due(leaf, self._clock.now_s())

    def _open_authority(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """The kept authority; a new one when it may not vouch for our names, or ends soon."""
        found = read_certificate(self._authority)
        if found and _may_vouch(found, self._names) and not is_due(found, self._clock.now_s()):
            key = serialization.load_pem_private_key(self._authority.read_bytes(), None)
            if isinstance(key, ec.EllipticCurvePrivateKey):
                return found, key
        key = new_key()
        fresh = make_authority(key, self._names, self._now())
        write_secret(self._authority, _pem(fresh) + key_pem(key))
        return fresh, key

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now_s(), UTC).replace(microsecond=0)

    async def _download(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") not in ("GET", "HEAD") or raw_path(scope) != DOOR.encode():
            raise MethodNotAllowed
        found = read_certificate(self._authority)
        body = found.public_bytes(serialization.Encoding.DER) if found else b""
        await respond(send, 200, [(b"content-type", b"application/x-x509-ca-cert")], body)


def make_authority(key: ec.EllipticCurvePrivateKey, names: Names, now: datetime) -> x509.Certificate:
    """A self-signed authority that may vouch for `names` and what is below them, and nothing else."""
    first = next(iter((*names.hosts, *map(str, names.addresses))), "localhost")
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Synfonium"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Synfonium {first[:40]} {os.urandom(4).hex()}"),
        ]
    )
    permitted: list[x509.GeneralName] = [x509.DNSName(host) for host in names.hosts]
    permitted += [x509.IPAddress(ip_network(address)) for address in names.addresses]
    return (
        _certificate(subject, subject, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def issue(
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    names: Names,
    now: datetime,
) -> x509.Certificate:
    """A server certificate for `names`, good for 90 days."""
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Synfonium")])
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        _certificate(subject, authority.subject, key.public_key(), now, LEAF_DAYS)
        .add_extension(names.alternative(), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _may_vouch(authority: x509.Certificate, names: Names) -> bool:
    permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees
    allowed = {str(name.value) for name in permitted or ()}
    wanted = {*names.hosts, *(str(ip_network(address)) for address in names.addresses)}
    return wanted <= allowed


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
