"""Bundles as files: what was signed is read, and nothing else."""

import gzip
import hashlib
import os
from pathlib import Path

import msgspec
import pytest

from synfonium.apps.search.service.bundles.files import Limits, NoBundle, lines_of, open_bundle, write_bundle
from synfonium.apps.search.service.bundles.format import FORMAT, Line, Manifest, Shared, is_acceptable
from synfonium.apps.search.service.bundles.journal import Journal, read_journal
from synfonium.apps.search.service.bundles.keys import BundleKey
from synfonium.apps.search.service.bundles.publishing import Publisher
from synfonium.kernel.secret_box import InstallationSecretBox
from synfonium.ports.index import IndexDocument

UNLIMITED = Limits()
KEY, OTHER = BundleKey(InstallationSecretBox(b"k" * 32)), BundleKey(InstallationSecretBox(b"o" * 32))
LINES = [
    Line(add=Shared(key="https://ville.example/", title="Mairie", text="Les horaires de la mairie.")),
    Line(gone="https://ville.example/parti"),
]


class Clock:
    def now_s(self) -> float:
        return 1_795_000_000.0


def manifest(**changes: object) -> Manifest:
    blank = Manifest(
        format=FORMAT,
        origin="https://a.example",
        epoch=1,
        number=1,
        previous="",
        made_s=1.0,
        scope=("ville.example",),
        documents=0,
        removed=0,
        body_sha256="",
        body_bytes=0,
        unpacked_bytes=0,
        key=KEY.fingerprint,
    )
    return msgspec.structs.replace(blank, **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "1-1.bundle"
    write_bundle(path, manifest(), iter(LINES), KEY)
    return path


def read(path: Path, pem: str = "", limits: Limits = UNLIMITED) -> list[Line]:
    return list(lines_of(open_bundle(path, pem or KEY.public_pem, limits)))


def test_a_bundle_gives_back_what_went_in(path: Path) -> None:
    opened = open_bundle(path, KEY.public_pem, Limits())
    assert list(lines_of(opened)) == LINES
    assert (opened.manifest.documents, opened.manifest.removed) == (1, 1)
    assert opened.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_no_byte_can_be_changed_cut_off_or_added(path: Path) -> None:
    whole = path.read_bytes()
    for at in range(len(whole)):
        for bit in (0x01, 0x80):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            with pytest.raises(NoBundle):
                read(path)
    for wrong in (whole[:-1], whole + b"\n", b"", whole[:50], b"\n" + whole, os.urandom(500)):
        path.write_bytes(wrong)
        with pytest.raises(NoBundle):
            read(path)


def test_a_bundle_of_another_key_is_refused(path: Path) -> None:
    with pytest.raises(NoBundle, match="signature"):
        read(path, OTHER.public_pem)


def signed(path: Path, manifest: Manifest, body: bytes) -> Path:
    """What somebody with the right key and bad intent would make."""
    head = msgspec.json.encode(
        msgspec.structs.replace(manifest, body_sha256=hashlib.sha256(body).hexdigest(), body_bytes=len(body))
    )
    path.write_bytes(head + b"\n" + KEY.sign(head) + b"\n" + body)
    return path


def test_a_bomb_is_refused_before_it_bursts(tmp_path: Path) -> None:
    bomb = gzip.compress(b"\0" * (64 << 20))
    path = signed(tmp_path / "x.bundle", manifest(documents=1, unpacked_bytes=1000), bomb)
    with pytest.raises(NoBundle, match="too_large"):
        read(path)
    path = signed(tmp_path / "x.bundle", manifest(documents=1, unpacked_bytes=64 << 20), bomb)
    with pytest.raises(NoBundle, match="too_large"):
        read(path, limits=Limits(unpacked_bytes=1 << 20))
    with pytest.raises(NoBundle, match="too_large"):
        read(path)  # one line of 64 MiB
    with pytest.raises(NoBundle, match="too_large"):
        read(path, limits=Limits(file_bytes=10))


@pytest.mark.parametrize(
    "text",
    [
        b"{}\n",
        b"null\n",
        b"\n",
        b"not json\n",
        b'{"gone": ""}\n',
        b'{"add": {"key": "x"}}\n',
        b'{"add": {"key": "https://a/", "title": "a", "text": 7}}\n',
        b'{"gone": "https://a/"}',
        b'{"gone": "https://a/"}\n{"gone": "https://b/"}\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_signed_nonsense_is_refused_too(tmp_path: Path, text: bytes) -> None:
    path = signed(tmp_path / "x.bundle", manifest(removed=1, unpacked_bytes=len(text)), gzip.compress(text))
    with pytest.raises(NoBundle):
        read(path)


@pytest.mark.parametrize(
    ("key", "fits"),
    [
        ("https://ville.example/x", True),
        ("https://www.ville.example/x#picture-1", True),
        ("https://evil.example/", False),
        ("https://notville.example/", False),
        ("https://ville.example.evil.org/", False),
        ("javascript:alert(1)", False),
        ("HTTPS://VILLE.example/", False),
        ("https://ville.example/#" + "x" * 100, False),
    ],
)
def test_a_peer_speaks_for_its_hosts_alone(key: str, fits: bool) -> None:
    assert is_acceptable(Shared(key=key, title="", text=""), ("ville.example",)) == fits


def document(number: int, text: str = "Mairie", **changes: object) -> IndexDocument:
    blank = IndexDocument(key=f"https://ville.example/{number}", title="Mairie", text=text)
    return msgspec.structs.replace(blank, **changes)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, ("ville.example",))


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path, origin="https://a.example", scope=("ville.example",), key=KEY, clock=Clock())


def test_what_was_indexed_is_published_once_with_its_last_words(
    tmp_path: Path, journal: Journal, publisher: Publisher
) -> None:
    journal.add([document(1), document(2), document(1, "Later")])
    journal.add(
        [document(3, space="ada"), document(4, marks=("a",)), document(5, key="https://other.example/")]
    )
    journal.gone(["https://ville.example/2"])
    first = publisher.export(journal)
    assert first is not None
    lines = read(tmp_path / "1-1.bundle")
    assert [line.key for line in lines] == ["https://ville.example/1"], "an epoch begins with what stands"
    assert lines[0].add is not None
    assert lines[0].add.text == "Later"
    assert publisher.export(journal) is None
    journal.gone(["https://ville.example/1"])
    second = publisher.export(journal)
    assert second is not None
    assert [line.gone for line in read(tmp_path / "1-2.bundle")] == ["https://ville.example/1"]
    assert open_bundle(tmp_path / "1-2.bundle", KEY.public_pem, Limits()).manifest.previous == first.sha256


def test_what_begins_anew_holds_no_word_of_what_was_removed(
    tmp_path: Path, journal: Journal, publisher: Publisher
) -> None:
    journal.add([document(1, "secret"), document(2)])
    publisher.export(journal)
    journal.gone(["https://ville.example/1"])
    journal.add([document(3)])
    made = publisher.export(journal, anew=True)
    assert made is not None
    assert (made.epoch, made.number) == (2, 1)
    assert {line.key[-1] for line in read(tmp_path / "2-1.bundle")} == {"2", "3"}
    assert [file.name for file in tmp_path.glob("*.bundle")] == ["2-1.bundle"]
    assert publisher.listed(1, 1) is None


def test_a_line_that_a_crash_cut_off_spoils_no_other(tmp_path: Path, journal: Journal) -> None:
    journal.add([document(1)])
    with (tmp_path / "current.jsonl").open("ab") as file:
        file.write(b'{"add": {"key": "https://vil')
    journal.add([document(2)])
    assert [line.key[-1] for line in read_journal(journal.set_aside())] == ["1", "2"]


def test_an_export_that_was_killed_is_made_again_with_all_of_it(
    tmp_path: Path, journal: Journal, publisher: Publisher
) -> None:
    journal.add([document(1)])
    journal.set_aside()  # and the process ends here
    journal.add([document(2)])
    publisher.export(journal)
    publisher.export(journal)
    keys = {line.key[-1] for file in tmp_path.glob("*.bundle") for line in read(file)}
    assert keys == {"1", "2"}
