"""What a request must be before any door sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfonium.kernel import gate
from synfonium.kernel.asgi import Scope, plain_path, under
from synfonium.kernel.refusals import CrossOrigin, Misdirected
from synfonium.kernel.site import Site

SITE = Site(public_url="https://cloud.example.org", content_url="https://content.example.org")


def request(method: str = "POST", **headers: str) -> Scope:
    sent = {"host": "cloud.example.org", **{k.replace("_", "-"): v for k, v in headers.items()}}
    raw = [(k.encode(), v.encode()) for k, v in sent.items() if v]
    return {"type": "http", "method": method, "headers": raw, "scheme": "https", "client": ("192.0.2.7", 1)}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://cloud.example.org.evil.example"])
def test_another_sites_page_cannot_act_with_a_session(origin: str) -> None:
    with pytest.raises(CrossOrigin):
        gate.check_origin(request(cookie="synfonium=x", origin=origin), SITE)


@pytest.mark.parametrize("fetch_site", ["cross-site", "same-site"])
def test_fetch_metadata_decides_before_origin(fetch_site: str) -> None:
    scope = request(cookie="a=b", origin=SITE.public_url, sec_fetch_site=fetch_site)
    with pytest.raises(CrossOrigin):
        gate.check_origin(scope, SITE)


def test_our_own_page_and_programs_without_a_session_may_act() -> None:
    gate.check_origin(request(cookie="a=b", origin=SITE.public_url, sec_fetch_site="same-origin"), SITE)
    gate.check_origin(request(authorization="Bearer x", origin="https://other.example"), SITE)
    gate.check_origin(request("GET", cookie="a=b", origin="https://evil.example"), SITE)


def test_a_websocket_without_an_origin_is_refused() -> None:
    scope = {**request(), "type": "websocket"}
    with pytest.raises(CrossOrigin):
        gate.check_origin(scope, SITE)


@pytest.mark.parametrize(
    "host", ["evil.example", "cloud.example.org@evil.example", "", "cloud.example.org.evil.example"]
)
def test_a_name_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(Misdirected):
        gate.check_host(request(host=host), SITE)


@pytest.mark.parametrize(
    "host", ["cloud.example.org", "CLOUD.example.org:443", "localhost:8600", "127.0.0.1", "[::1]:8600"]
)
def test_our_names_are_taken(host: str) -> None:
    gate.check_host(request(host=host), SITE)


def test_anonymised_requests_carry_nothing_that_identifies() -> None:
    scope = request(
        "GET", cookie="c", authorization="a", x_forwarded_for="198.51.100.9", user_agent="u", accept="*/*"
    )
    scope["state"] = {"synfonium.person": object()}
    stripped = gate.anonymised(scope)
    assert sorted(k for k, _ in stripped["headers"]) == [b"accept", b"host"]
    assert stripped["client"] is None
    assert stripped["state"] == {}


def test_only_a_trusted_proxy_may_say_https() -> None:
    said = {**request(x_forwarded_proto="https"), "scheme": "http"}
    assert gate.request_scheme(said, SITE) == "http"
    from ipaddress import ip_network

    trusting = Site(
        public_url=SITE.public_url,
        content_url=SITE.content_url,
        trusted_proxies=(ip_network("192.0.2.0/24"),),
    )
    assert gate.request_scheme(said, trusting) == "https"


@given(st.binary(max_size=30))
def test_a_prefix_takes_whole_segments_only(rest: bytes) -> None:
    assert under(b"/s3" + rest, b"/s3") == (rest == b"" or rest.startswith(b"/"))


@pytest.mark.parametrize(
    "path",
    b"//search|/a//b|/a%2Fb|/a%2fb|/a%5Cb|/a\\b|/./a|/a/..|/%2e%2e/a|/a/%2E|/%00|/a%0d%0aX: y|"
    b"/%ff|*|search|/%C0%AF|".split(b"|"),
)
def test_a_path_with_two_readings_has_none(path: bytes) -> None:
    assert plain_path(path) is None


def test_a_path_is_decoded_once_and_keeps_its_last_slash() -> None:
    assert plain_path(b"/%73earch") == "/search"
    assert plain_path(b"/drive/caf%C3%A9%2525/") == "/drive/café%25/"
    assert plain_path(b"/") == "/"
    assert plain_path(b"/..;/x") == "/..;/x"
