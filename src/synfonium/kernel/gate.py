"""What a request must be before any door sees it: whole, for us, and not another site's."""

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from synfonium.kernel.asgi import Headers, Scope
from synfonium.kernel.i18n import choose_locale
from synfonium.kernel.refusals import CrossOrigin, Misdirected
from synfonium.kernel.site import LOOPBACK_NAMES, Site

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "SEARCH"})
# What an anonymous door needs of a request; whatever else a browser sends says who asks, or helps to guess.
NEEDED = frozenset(b"accept accept-encoding content-length content-type host transfer-encoding".split())
ACCEPT_LANGUAGE = b"accept-language"


def header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return ""


def request_scheme(scope: Scope, site: Site) -> str:
    """`http` or `https` as the browser sees it; a trusted proxy may say so."""
    peer = (scope.get("client") or ("", 0))[0]
    forwarded = header(scope, b"x-forwarded-proto").lower()
    if forwarded in ("http", "https") and site.trusts(peer):
        return forwarded
    scheme = str(scope.get("scheme", "http"))
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def peer_of(scope: Scope, site: Site) -> str:
    """The address that a request came from; trusted proxies say whose they pass on. "" for none."""
    peer = str((scope.get("client") or ("", 0))[0])
    if not site.trusted_proxies or not site.trusts(peer):
        return peer
    for passed_on in reversed(header(scope, b"x-forwarded-for").split(",")[-20:]):
        peer = passed_on.strip() or peer
        if not site.trusts(peer):
            break
    return peer


def host_of(scope: Scope) -> tuple[str, str]:
    """Host name and `name:port` of the Host header, lower case; empty unless there is one."""
    hosts = [value for key, value in scope["headers"] if key == b"host"]
    return _parsed(bytes(hosts[0])) if len(hosts) == 1 else ("", "")


# An installation has few names, and each request asks for its own several times.
@lru_cache(maxsize=64)
def _parsed(value: bytes) -> tuple[str, str]:
    authority = value.decode("latin-1").lower()
    try:
        return (urlsplit(f"//{authority}").hostname or "", authority) if _is_plain(authority) else ("", "")
    except ValueError:
        return "", ""


def _is_plain(authority: str) -> bool:
    return len(authority) < 300 and not set(authority) & set("/@?#\\ ")


def is_local(host: str) -> bool:
    return host in LOOPBACK_NAMES or host.endswith(".localhost")


def check_host(scope: Scope, site: Site) -> None:
    """Refuses names that are not ours: a rebound DNS name must not reach a session.

    Raises Misdirected.
    """
    host, _authority = host_of(scope)
    ours = (urlsplit(url).hostname for url in (site.public_url, site.content_url, site.local_url))
    if not (is_local(host) or host in ours):
        raise Misdirected


def check_origin(scope: Scope, site: Site) -> None:
    """Refuses an unsafe request with a session cookie that another site's page sent.

    Fetch Metadata where the browser sends it, else Origin. Raises CrossOrigin.
    """
    is_socket = scope["type"] == "websocket"
    if not is_socket and (scope["method"] in SAFE_METHODS or not header(scope, b"cookie")):
        return
    fetch_site = header(scope, b"sec-fetch-site")
    if fetch_site and not is_socket:
        if fetch_site not in ("same-origin", "none"):
            raise CrossOrigin
        return
    origin = header(scope, b"origin")
    if is_socket and not origin:
        raise CrossOrigin
    if origin and origin != site.public_url and not _is_own_loopback(origin, scope):
        raise CrossOrigin


def _is_own_loopback(origin: str, scope: Scope) -> bool:
    parts = urlsplit(origin)
    return parts.netloc == host_of(scope)[1] and is_local(parts.hostname or "")


def anonymised(scope: Scope) -> Scope:
    """A copy of the request that no longer says who asks; the kept person is dropped too.

    Of the languages wished for, the one that we would answer in is left: a list of them is a mark.
    """
    headers: Headers = [(k, v) for k, v in scope["headers"] if k in NEEDED]
    locale = choose_locale(accept_language=header(scope, ACCEPT_LANGUAGE), otherwise="")
    if locale:
        headers.append((ACCEPT_LANGUAGE, locale.encode()))
    return {**scope, "headers": headers, "client": None, "state": {}}


def security_headers(site: Site, policy: str) -> Headers:
    """Headers of every response of the main origin."""
    headers: Headers = [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin-allow-popups"),
        (b"permissions-policy", b"interest-cohort=(), browsing-topics=()"),
    ]
    # It binds every port of a name: only an installation that has the name to itself says it.
    if site.is_secure and not site.is_local and ":" not in urlsplit(site.public_url).netloc:
        headers.append((b"strict-transport-security", b"max-age=31536000"))
    return headers


def page_policy(site: Site) -> str:
    """Content-Security-Policy of our pages: nothing inline, nothing from anybody else."""
    websocket = site.public_url.replace("http", "ws", 1)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: {site.content_url}",
            f"media-src 'self' {site.content_url}",
            "font-src 'self'",
            f"connect-src 'self' {websocket}",
            "form-action 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            f"frame-src {site.content_url}",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


CONTENT_POLICY = (
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
    "frame-ancestors *"
)


def with_missing(headers: Sequence[tuple[bytes, bytes]], extra: Headers) -> Headers:
    """`headers` and those of `extra` whose names it lacks."""
    names = {k.lower() for k, _ in headers}
    return [*headers, *((k, v) for k, v in extra if k not in names)]
