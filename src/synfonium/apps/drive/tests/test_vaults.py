"""Vaults, as the server sees them: marked, and left alone."""

from pathlib import Path

import httpx
import pytest

from synfonium.apps.drive.config import DriveConfig
from synfonium.apps.drive.errors import NoSuchNode, VaultStaysShut
from synfonium.apps.drive.http.sealed import asgi_app as sealed_app
from synfonium.apps.drive.model import Node
from synfonium.apps.drive.service import DriveService
from synfonium.apps.drive.service.linking import LinkTerms
from synfonium.apps.drive.service.vaults import Seal
from synfonium.apps.drive.store.tables import scan_due
from synfonium.apps.drive.tests.conftest import Hand, House
from synfonium.common.problem import BadInput
from synfonium.kernel.actor import Person

SEAL = Seal(check="ab" * 32, has_second=True)


@pytest.fixture
def config(tmp_path: Path) -> DriveConfig:
    return DriveConfig(clamd=f"unix:{tmp_path}/nobody")


@pytest.fixture
async def vault(drive: DriveService, hand: Hand) -> Node:
    return await drive.vaults.make(hand.actor, await hand.top(), "Vault", SEAL)


async def test_a_vault_is_known_from_everything_in_it(drive: DriveService, hand: Hand, vault: Node) -> None:
    inner = await hand.folder("0sealed", vault.id)
    file = await hand.file("1sealed", b"x", inner)
    found = await drive.vaults.of(hand.actor, file)
    assert found is not None
    assert (found.folder.id, found.seal, [step.id for step in found.below]) == (vault.id, SEAL, [inner, file])
    assert await drive.vaults.of(hand.actor, await hand.folder("beside")) is None
    listed = (await drive.tree.listing(hand.actor)).entries
    assert await drive.vaults.among(listed) == {vault.id}


async def test_a_vault_moves_and_is_renamed_and_stays_one(
    drive: DriveService, hand: Hand, vault: Node
) -> None:
    await drive.moving.move(hand.actor, vault.id, await hand.folder("deep"), "Other")
    found = await drive.vaults.of(hand.actor, vault.id)
    assert found is not None
    assert found.seal == SEAL


async def test_a_vault_in_a_vault_and_a_check_that_is_none_are_refused(
    drive: DriveService, hand: Hand, vault: Node
) -> None:
    with pytest.raises(VaultStaysShut):
        await drive.vaults.make(hand.actor, vault.id, "Inner", SEAL)
    with pytest.raises(BadInput):
        await drive.vaults.make(hand.actor, await hand.top(), "Bad", Seal(check='"/>', has_second=False))
    assert await hand.names() == ["Vault"]


async def test_search_links_and_scanners_leave_a_vault_alone(
    drive: DriveService, hand: Hand, vault: Node
) -> None:
    inside = await hand.file("0sealed.txt", b"sealed", vault.id)
    beside = await hand.file("open.txt", b"words")
    assert [one.file.node for one in await drive.told.text_sources([inside, beside])] == [beside]
    assert await drive.told.standing([inside, beside, vault.id]) == [beside]
    for node in (inside, vault.id):
        with pytest.raises(VaultStaysShut):
            await drive.linking.make(hand.actor, node, LinkTerms())
    await drive.quarantine.want([inside])
    assert await drive.room.read(lambda c: c.execute(scan_due.select()).all()) == []
    await drive.quarantine.want([beside])
    assert len(await drive.room.read(lambda c: c.execute(scan_due.select()).all())) == 1


async def test_what_is_stored_in_a_vault_is_given_out_as_bytes_that_run_nowhere(
    house: House, drive: DriveService, hand: Hand, vault: Node
) -> None:
    inside = await hand.file("page.html", b"<script>alert(1)</script>", vault.id)
    beside = await hand.file("open.html", b"<script>alert(1)</script>")
    transport = httpx.ASGITransport(app=sealed_app(house.context))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        client.headers["x-test-person"] = "ada"
        answer = await client.get(f"/drive/sealed/{inside}")
        assert answer.content == b"<script>alert(1)</script>"
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["content-disposition"] == "attachment"
        part = await client.get(f"/drive/sealed/{inside}", headers={"range": "bytes=1-6"})
        assert (part.status_code, part.content) == (206, b"script")
        assert (await client.get(f"/drive/sealed/{beside}")).status_code == 404
        assert (await client.get(f"/drive/sealed/{vault.id}")).status_code == 409
        assert (await client.post(f"/drive/sealed/{inside}")).status_code == 405
        client.headers.pop("x-test-person")
        assert (await client.get(f"/drive/sealed/{inside}")).status_code == 401


async def test_a_stranger_sees_no_vault(house: House, drive: DriveService, vault: Node) -> None:
    bob: Person = house.person("bob")
    with pytest.raises(NoSuchNode):
        await drive.vaults.of(bob, vault.id)
    with pytest.raises(NoSuchNode):
        await drive.vaults.listing(bob, vault.id, None, 10)
