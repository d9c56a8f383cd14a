"""How the front is encrypted: nothing, an own authority, a public one by ACME, or files.

`tls = "off" | "internal" | "acme" | "files:CERTIFICATE,KEY"` in the settings. Keys live in
the home's folder `tls`, readable by its owner alone.
"""

from pathlib import Path

from synfonium.kernel.config import WILDCARDS, ConfigError, HouseConfig, site_of
from synfonium.kernel.site import LOOPBACK_NAMES, Site
from synfonium.kernel.tls.pair import Certificates, Pair, RenewalFailed
from synfonium.ports.clock import Clock, SystemClock

__all__ = ["Certificates", "Pair", "RenewalFailed", "check_tls", "open_certificates"]


def open_certificates(config: HouseConfig, home: Path, clock: Clock) -> Certificates | None:
    """What the settings ask for; None for `off`. Raises ConfigError."""
    site, folder = site_of(config), home / "tls"
    if config.tls == "off":
        return None
    if not site.is_secure or not site.content_url.startswith("https://"):
        raise ConfigError("public_url and content_url begin with https:// when tls is on")
    if config.tls == "internal":
        return _by_own_authority(config, site, folder, clock)
    if config.tls == "acme":
        return _by_acme(config, site, folder, clock)
    return _by_files(config.tls)


def check_tls(config: HouseConfig, home: Path) -> None:
    """Refuses, before anything starts, what could not be served. Raises ConfigError."""
    certificates = open_certificates(config, home, SystemClock())
    if certificates and config.tls.startswith("files:"):
        certificates.pair()


def _public_hosts(site: Site) -> set[str]:
    return {site.host, site.content_host}


def _by_own_authority(config: HouseConfig, site: Site, folder: Path, clock: Clock) -> Certificates:
    from synfonium.kernel.tls.authority import InternalCertificates
    from synfonium.kernel.tls.certificate import Names

    bound = set() if config.host in WILDCARDS else {config.host}
    names = Names.of({*_public_hosts(site), *LOOPBACK_NAMES, *bound})
    return InternalCertificates(folder, names, clock)


def _by_acme(config: HouseConfig, site: Site, folder: Path, clock: Clock) -> Certificates:
    from synfonium.kernel.tls.certificate import Names

    names = Names.of(_public_hosts(site))
    if site.is_local or names.addresses or any("." not in host for host in names.hosts):
        raise ConfigError('tls = "acme" needs public_url with a public name, as https://cloud.example.org')
    try:
        from synfonium.kernel.tls.acme import AcmeCertificates
    except ImportError:
        raise ConfigError('tls = "acme" needs the Python package acme') from None
    trust = Path(config.acme_trust).expanduser() if config.acme_trust else None
    if trust and not trust.is_file():
        raise ConfigError(f"acme_trust: {trust} is not a file")
    return AcmeCertificates(
        folder, names, clock, directory=config.acme_directory, contact=config.acme_contact, trust=trust
    )


def _by_files(setting: str) -> Certificates:
    from synfonium.kernel.tls.operator_files import OperatorFiles

    kind, colon, files = setting.partition(":")
    certificate, comma, key = (part.strip() for part in files.partition(","))
    if kind != "files" or not (colon and comma and certificate and key):
        raise ConfigError(f"tls is off, internal, acme or files:CERTIFICATE,KEY, not {setting!r}")
    return OperatorFiles(Path(certificate).expanduser(), Path(key).expanduser())
