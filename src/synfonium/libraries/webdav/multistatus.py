"""Answers of status 207 as strings, made to be streamed piece by piece."""

from xml.sax.saxutils import escape

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">'
FOOT = "</D:multistatus>"
REASONS = {
    200: "OK",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    412: "Precondition Failed",
    423: "Locked",
    424: "Failed Dependency",
    507: "Insufficient Storage",
}


def empty_property(name: tuple[str, str]) -> str:
    """The property element without a value, as asked."""
    namespace, local = name
    if namespace == "DAV:":
        return f"<D:{local}/>"
    if not namespace:
        return f'<{local} xmlns=""/>'
    return f'<x:{local} xmlns:x="{escape(namespace, {chr(34): "&quot;"})}"/>'


def propstat(properties: str, status: int = 200) -> str:
    return (
        f"<D:propstat><D:prop>{properties}</D:prop>"
        f"<D:status>HTTP/1.1 {status} {REASONS[status]}</D:status></D:propstat>"
    )


def response(href: str, content: str) -> str:
    """href: already percent-encoded. content: propstats or a status."""
    return f"<D:response><D:href>{escape(href)}</D:href>{content}</D:response>"


def error(condition: str) -> bytes:
    """The body of a refusal that names a precondition (RFC 4918, section 16)."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:">{condition}</D:error>'.encode()


def active_lock(
    *, token: str, is_exclusive: bool, is_infinite: bool, owner_xml: str, timeout_s: int, root: str
) -> str:
    """RFC 4918, section 14.1. root: the percent-encoded path of the locked resource."""
    scope = "exclusive" if is_exclusive else "shared"
    owner = f"<D:owner>{owner_xml}</D:owner>" if owner_xml else ""
    return (
        f"<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:{scope}/></D:lockscope>"
        f"<D:depth>{'infinity' if is_infinite else '0'}</D:depth>{owner}"
        f"<D:timeout>Second-{timeout_s}</D:timeout>"
        f"<D:locktoken><D:href>{escape(token)}</D:href></D:locktoken>"
        f"<D:lockroot><D:href>{escape(root)}</D:href></D:lockroot></D:activelock>"
    )


SUPPORTED_LOCK = (
    "<D:lockentry><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"
    "<D:lockentry><D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"
)


def lock_answer(active: str) -> bytes:
    """The body of a granted or refreshed LOCK."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<D:prop xmlns:D="DAV:">'
        f"<D:lockdiscovery>{active}</D:lockdiscovery></D:prop>"
    ).encode()
