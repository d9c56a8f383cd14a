"""Secrets are opened only here, for the purpose they were sealed for."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synfonium.kernel.secret_box import InstallationKeyBroken, InstallationSecretBox, open_secret_box

BOX = InstallationSecretBox(bytes(range(32)))


@given(secret=st.binary(max_size=300), purpose=st.text(max_size=30))
def test_what_is_sealed_is_opened_for_the_same_purpose_only(secret: bytes, purpose: str) -> None:
    sealed = BOX.seal(secret, purpose=purpose)
    assert BOX.open(sealed, purpose=purpose) == secret
    with pytest.raises(ValueError, match="not sealed"):
        BOX.open(sealed, purpose=f"{purpose}.")
    assert len(secret) < 8 or secret not in sealed


@given(secret=st.binary(max_size=40), place=st.integers(0, 1000), bit=st.integers(0, 7))
def test_a_changed_bit_is_always_found(secret: bytes, place: int, bit: int) -> None:
    sealed = bytearray(BOX.seal(secret, purpose="test"))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(ValueError, match="not sealed"):
        BOX.open(bytes(sealed), purpose="test")


@given(rubbish=st.binary(max_size=60))
def test_rubbish_is_refused(rubbish: bytes) -> None:
    with pytest.raises(ValueError, match="not sealed"):
        BOX.open(rubbish, purpose="test")


def test_nothing_is_sealed_alike_twice() -> None:
    assert len({BOX.seal(b"same", purpose="test") for _ in range(100)}) == 100


def test_another_installation_opens_nothing() -> None:
    other = InstallationSecretBox(os.urandom(32))
    with pytest.raises(ValueError, match="not sealed"):
        other.open(BOX.seal(b"secret", purpose="test"), purpose="test")
    assert other.derive("test") != BOX.derive("test")


def test_derived_keys_depend_on_purpose_alone_and_are_no_sealing_keys() -> None:
    # A golden value: keys that were derived once must be derived for ever.
    assert BOX.derive("drive").hex() == "914886afa585d431bde640b7d55c6f2d2e9dcec78b38f7729e8e8fffa2af79dd"
    assert BOX.derive("drive") == InstallationSecretBox(bytes(range(32))).derive("drive")
    assert BOX.derive("drive") != BOX.derive("search")


def test_a_box_sealed_by_the_first_version_opens_for_ever() -> None:
    sealed = bytes.fromhex(
        "015c1c20eb46e610f0cd379a80610f31620c6d172bdae5121fcdff53b5237e8f26ee272a4cf183c40433"
    )
    assert BOX.open(sealed, purpose="test") == b"kept for ever"


def test_a_new_home_gets_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    sealed = open_secret_box(tmp_path).seal(b"secret", purpose="test")
    assert open_secret_box(tmp_path).open(sealed, purpose="test") == b"secret"
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_a_key_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    open_secret_box(tmp_path)
    (tmp_path / "secret.key").chmod(0o644)
    open_secret_box(tmp_path)
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_openers_at_the_same_time_agree_on_one_key(tmp_path: Path) -> None:
    for number in range(20):
        home = tmp_path / str(number)
        home.mkdir()
        with ThreadPoolExecutor(8) as pool:
            keys = {box.derive("x") for box in pool.map(open_secret_box, [home] * 8)}
        assert len(keys) == 1


@pytest.mark.parametrize("content", [b"", b"abc", b"zz" * 32, b"ab" * 31, bytes(32)])
def test_a_damaged_key_file_is_said_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret.key").write_bytes(content)
    with pytest.raises(InstallationKeyBroken, match=r"secret\.key"):
        open_secret_box(tmp_path)
    assert (tmp_path / "secret.key").read_bytes() == content
