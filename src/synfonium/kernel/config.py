"""Settings: one frozen struct per app, from `synfonium.toml` and the environment.

`[drive] trash_days = 30` and `SYNFONIUM_DRIVE_TRASH_DAYS=30` are the same; the
environment wins. The house's own settings stand at the top level and as
`SYNFONIUM_<SETTING>`. A key that nobody knows is an error that names the nearest one.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from synfonium.kernel.app import App, installed_apps, resolve
from synfonium.kernel.site import LOOPBACK_NAMES, Site
from synfonium.libraries.mail_address import parse_address

PREFIX = "SYNFONIUM_"
# Read elsewhere, or for tools around the product.
NOT_SETTINGS = frozenset({"SYNFONIUM_HOME"})
DEFAULT_PORT = 8600
ACME_HTTP_PORT = 80
WILDCARDS = ("", "0.0.0.0", "::")

S = TypeVar("S", bound=msgspec.Struct)


class ConfigError(Exception):
    """A setting that cannot be used; the message says which, why and what to do."""


class HouseConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of the installation as a whole.

    public_url: origin at which people reach it; empty means http://localhost:PORT.
    content_url: origin for people's content; empty means the next port, or, behind a
    name, the same host on port + 1. tls: off, internal (own authority), acme, or
    files:CERTIFICATE,KEY. http_port: also answers plain HTTP, with the page that says what
    to do and ACME's challenges; 0 means none, and 80 with acme. local_port: plain HTTP for
    this machine alone while tls is on; 0 means port + 2. acme_directory: another authority
    than Let's Encrypt; acme_contact: an e-mail address for its warnings; acme_trust: PEM
    file of who vouches for a private one. trusted_proxies: networks whose
    X-Forwarded-Proto is believed. mail: outbox (files in the home), or
    smtp://USER:PASSWORD@HOST:PORT?tls=starttls, =implicit or =off. mail_from: the address that
    letters come from; empty means synfonium@ and the host. mail_password_file: holds the
    password instead of mail. mail_trust: PEM file of who vouches for a private mail server.
    mail_give_up_days: how long a letter is tried. questions_per_s: how many a second one address may send
    to doors that do not know who asks, such as web search, in the long run; 0 means any number.
    questions_at_once: how many in one go. host: the address to listen on; 0.0.0.0 means
    all. port: the port to listen on. content_port: the port of people's content; 0 means
    port + 1. name: of the installation, on its pages. language: en or fr, for whoever wished for
    no language that is spoken here, and for their letters. database: sqlite, or postgresql://…, in
    which each app has a schema of its own. blobs: file: keeps people's files in the home;
    s3://BUCKET?endpoint=https://HOST keeps them in a bucket, with region= and prefix= when needed.
    blobs_key_id: the access key for it; empty means the environment, AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY. blobs_key_file: holds the secret of blobs_key_id. blobs_trust: PEM file
    of who vouches for a private S3 server. bus: memory carries events within this machine. index:
    tantivy keeps search indexes in the home. compute: process runs personal computers on this
    machine. keep_upgrades: of how many upgrades the databases as they were before are kept.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    content_port: int = 0
    public_url: str = ""
    content_url: str = ""
    tls: str = "off"
    acme_directory: str = ""
    acme_contact: str = ""
    acme_trust: str = ""
    http_port: int = 0
    local_port: int = 0
    trusted_proxies: tuple[str, ...] = ()
    name: str = "Synfonium"
    language: Literal["en", "fr"] = "en"
    database: str = "sqlite"
    blobs: str = "file:"
    blobs_key_id: str = ""
    blobs_key_file: str = ""
    blobs_trust: str = ""
    bus: str = "memory"
    index: str = "tantivy"
    compute: str = "process"
    keep_upgrades: int = 3
    mail: str = "outbox"
    mail_from: str = ""
    mail_password_file: str = ""
    mail_trust: str = ""
    mail_give_up_days: float = 3.0
    questions_per_s: float = 10.0
    questions_at_once: int = 300

    @property
    def scheme(self) -> str:
        return "http" if self.tls == "off" else "https"

    @property
    def bound_http_port(self) -> int:
        return self.http_port or (ACME_HTTP_PORT if self.tls == "acme" else 0)

    @property
    def bound_local_port(self) -> int:
        """Where plain HTTP reaches the front from this machine."""
        return self.port if self.tls == "off" else self.local_port or self.port + 2

    @property
    def bound_content_port(self) -> int:
        return self.content_port or self.port + 1


def site_of(config: HouseConfig) -> Site:
    """The public faces that follow from the settings. Raises ConfigError."""
    public = (config.public_url or f"{config.scheme}://localhost:{config.port}").rstrip("/")
    if not public.startswith(("http://", "https://")) or public.count("/") != 2:
        raise ConfigError(f"public_url must be an origin such as https://cloud.example.org, not {public!r}")
    content = config.content_url.rstrip("/") or _beside(public, config)
    try:
        proxies = tuple(ip_network(network, strict=False) for network in config.trusted_proxies)
    except ValueError as error:
        raise ConfigError(f"trusted_proxies: {error}") from None
    # With TLS, plain HTTP listens on loopback too: no certificate need name this machine.
    is_loopback = config.tls != "off" or config.host in WILDCARDS or config.host in LOOPBACK_NAMES
    local = "localhost" if is_loopback else config.host
    return Site(
        public_url=public,
        content_url=content,
        local_url=f"http://{local}:{config.bound_local_port}",
        trusted_proxies=proxies,
    )


def sender_of(config: HouseConfig, site: Site) -> str:
    """The address that letters come from. Raises ConfigError."""
    try:
        return parse_address(config.mail_from or f"synfonium@{site.host}")
    except ValueError:
        if config.mail_from:
            raise ConfigError("mail_from must be an e-mail address such as cloud@example.org") from None
        return "synfonium@localhost"


def _beside(public: str, config: HouseConfig) -> str:
    scheme, _, authority = public.partition("://")
    host = authority.rsplit(":", 1)[0] if authority.rpartition(":")[2].isdigit() else authority
    return f"{scheme}://{host}:{config.bound_content_port}"


class Settings:
    """Everything that the settings file and the environment say. Raises ConfigError."""

    def __init__(
        self, home: Path, environment: Mapping[str, str], overrides: Mapping[str, Any] | None = None
    ) -> None:
        self._apps = {app.name: app for app in installed_apps()}
        self._values = _read_file(home / "synfonium.toml")
        self._read_environment(environment)
        self._values.update({k: v for k, v in (overrides or {}).items() if v is not None})
        top = {k: v for k, v in self._values.items() if k not in self._apps}
        self.house = _convert(top, HouseConfig, "", extra=tuple(self._apps))

    def of(self, app: App) -> Any:
        """The app's settings as its own struct, or None when it has none."""
        section = self._values.get(app.name, {})
        if not isinstance(section, dict):
            raise ConfigError(f"[{app.name}] must be a table of settings")
        if not app.config:
            if section:
                raise ConfigError(f"[{app.name}] has no settings")
            return None
        return _convert(section, resolve(app.config), f"{app.name}.")

    def _read_environment(self, environment: Mapping[str, str]) -> None:
        for variable, text in sorted(environment.items()):
            if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
                continue
            key = variable.removeprefix(PREFIX).lower()
            app, _, setting = key.partition("_")
            if app in self._apps and setting:
                self._values.setdefault(app, {})[setting] = text
            else:
                self._values[key] = text


def _read_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} cannot be read: {error}") from None


def _convert(values: dict[str, Any], type_: type[S], prefix: str, extra: tuple[str, ...] = ()) -> S:
    known = [field.name for field in msgspec.structs.fields(type_)]
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, [*known, *extra], n=1)
            hint = f"; did you mean {prefix}{near[0]}?" if near else ""
            raise ConfigError(f"unknown setting {prefix}{key}{hint}")
    spread = {
        key: [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str) and _is_list(type_, key)
        else value
        for key, value in values.items()
    }
    try:
        return msgspec.convert(spread, type_, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"setting {prefix.rstrip('.') or 'of the installation'}: {error}") from None


def _is_list(type_: type[Any], key: str) -> bool:
    kind = {field.name: field.type for field in msgspec.structs.fields(type_)}[key]
    return getattr(kind, "__origin__", None) in (tuple, list)


def home_folder(option: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """`--home`, else SYNFONIUM_HOME, else the XDG data folder of who runs this."""
    chosen = option or environment.get("SYNFONIUM_HOME")
    if chosen:
        return Path(chosen).expanduser().resolve()
    data = environment.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser().resolve() / "synfonium"
