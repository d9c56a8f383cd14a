"""What our sources of certificates share: names, ages, keys, and files that are never half."""

import os
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

RENEW_BEFORE_S = 30 * 86400.0


class Names(msgspec.Struct, frozen=True):
    """What a certificate is for: host names and addresses, each sorted and once."""

    hosts: tuple[str, ...]
    addresses: tuple[IPv4Address | IPv6Address, ...]

    @classmethod
    def of(cls, texts: set[str]) -> "Names":
        hosts, addresses = set(), set()
        for text in texts - {""}:
            try:
                addresses.add(ip_address(text))
            except ValueError:
                hosts.add(text.encode("idna").decode() if not text.isascii() else text.lower())
        return cls(tuple(sorted(hosts)), tuple(sorted(addresses, key=str)))

    def alternative(self) -> x509.SubjectAlternativeName:
        """The certificate extension (RFC 5280, 4.2.1.6)."""
        hosts = [x509.DNSName(host) for host in self.hosts]
        return x509.SubjectAlternativeName([*hosts, *(x509.IPAddress(a) for a in self.addresses)])


def names_in(certificate: x509.Certificate) -> Names:
    """Names of a certificate's subjectAltName; none when it has no such extension."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return Names((), ())
    hosts = sorted(found.get_values_for_type(x509.DNSName))
    addresses = [ip_address(str(a)) for a in found.get_values_for_type(x509.IPAddress)]
    return Names(tuple(hosts), tuple(sorted(addresses, key=str)))


def is_due(certificate: x509.Certificate, now_s: float) -> bool:
    """Whether it ends soon: within 30 days or the last third of its life."""
    start = certificate.not_valid_before_utc.timestamp()
    end = certificate.not_valid_after_utc.timestamp()
    return now_s > end - min(RENEW_BEFORE_S, (end - start) / 3)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def read_certificate(path: Path) -> x509.Certificate | None:
    """The first certificate of a PEM file; None when the file is missing or damaged."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def write_secret(path: Path, content: bytes) -> None:
    """Replaces the file (mode 0600) at once and whole, synced."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
