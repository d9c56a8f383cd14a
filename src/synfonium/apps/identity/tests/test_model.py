"""Rules that need no database, tried with what nobody would type."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from synfonium.apps.identity.model import people
from synfonium.apps.identity.model.oauth import words


@given(st.text(max_size=40))
@example("..")
@example("a..b")
@example(".hidden")
@example("a/b")
@example("ａｄａ")
def test_a_name_is_safe_as_a_path_segment(text: str) -> None:
    try:
        name = people.parse_name(text)
    except ValueError:
        return
    assert name == text
    assert 2 <= len(name) <= 32
    assert urlsplit(f"http://host/{name}").path == f"/{name}"
    assert not name.startswith(".")


@pytest.mark.parametrize("name", ["ad", "ada", "a.b-c_d", "0a", "a" * 32])
def test_usual_names_are_taken(name: str) -> None:
    assert people.parse_name(name) == name


@given(st.text(max_size=60))
@example("//evil.example")
@example("/\\evil.example")
@example("/\tevil")
@example("/%0a")
def test_a_local_path_stays_on_this_origin(wish: str) -> None:
    path = people.local_path(wish)
    assert urlsplit(urljoin("http://here.example", path)).netloc == "here.example"
    assert not any(c in path for c in "\\\r\n\t ")


@pytest.mark.parametrize(
    ("uri", "is_good"),
    [
        ("https://rp.example/cb", True),
        ("https://rp.example/cb?a=b", True),
        ("http://localhost:9/cb", True),
        ("http://app.localhost:9/cb", True),
        ("http://localhost.rp.example/cb", False),
        ("http://rplocalhost/cb", False),
        ("http://127.0.0.1:9/cb", True),
        ("org.example.app:/cb", True),
        ("http://rp.example/cb", False),
        ("https://rp.example/cb#x", False),
        ("https://rp.example/cb#", False),
        ("https://user@rp.example/cb", False),
        ("https:///cb", False),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://rp.example/\n", False),
        ("https://rp.example:99999/", False),
        ("", False),
    ],
)
def test_a_redirect_uri_is_one_that_oauth_allows(uri: str, is_good: bool) -> None:
    assert people.is_redirect_uri(uri) is is_good


def test_secrets_are_long_plain_and_never_the_same() -> None:
    made = {people.new_secret("syn_") for _ in range(100)}
    assert len(made) == 100
    assert all(len(secret) == 47 and secret[4:].isalnum() and secret.isascii() for secret in made)


def test_pkce_follows_the_example_of_its_rfc() -> None:
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert words.verifier_matches("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", verifier)
    assert not words.verifier_matches("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", verifier + "a")
    assert not words.verifier_matches("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "short")


def test_at_hash_follows_the_example_of_openid_connect() -> None:
    """Core 1.0, appendix A.4: the access token jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y."""
    assert words.half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "ES256") == "77QmUPtjPfzWtF2AnpK9RQ"


@given(st.lists(st.tuples(st.text(max_size=10), st.text(max_size=10)), max_size=8))
def test_a_field_given_twice_is_never_guessed_at(pairs: list[tuple[str, str]]) -> None:
    names = [name for name, _value in pairs]
    try:
        fields = words.request_fields(pairs)
    except words.OAuthError:
        return
    assert fields == {name: value for name, value in pairs if value}
    assert len([n for n in names if n in fields]) == len(fields)


def test_devices_are_told_apart_in_two_words() -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    assert people.device_of(agent) == "Firefox, Linux"
    assert people.device_of("curl/8") == ""
