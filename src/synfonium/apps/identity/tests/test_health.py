"""What identity tells the doctor: mail, sign-up, keys that sign, administrators without a passkey."""

import asyncio
from pathlib import Path

from sqlalchemy import update

from synfonium.apps.identity.store.tables import signing_keys
from synfonium.testing.client import Installation, installation

from .conftest import MovedClock

NEVER = {"SYNFONIUM_MAIL": "smtp://localhost:9?tls=off"}  # discard: nothing listens there


async def told(house: Installation) -> dict[str, str]:
    """Each check with its state; the worst of those of one name."""
    found = await house.call("identity.check")
    order = {"good": 0, "note": 1, "bad": 2}
    return {one.check: one.state for one in sorted(found, key=lambda one: order[one.state])}


async def test_letters_that_lie_in_the_home_are_worth_knowing_and_wrong_once_anybody_may_sign_up(
    house: Installation,
) -> None:
    assert (await told(house))["identity.mail"] == "note"
    assert "identity.sign_up" not in await told(house)
    decide = house.context("identity").service.sign_up.decide
    await decide(is_open=True, minimum_age=15, terms="", by="operator", without_letters=True)
    assert (await told(house))["identity.sign_up"] == "bad"


async def test_a_mail_server_is_asked_whether_it_takes_letters(tmp_path: Path) -> None:
    async with installation(tmp_path / "away", NEVER) as house:
        assert (await told(house))["identity.mail"] == "bad"

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            writer.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 here\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        installation(tmp_path, {"SYNFONIUM_MAIL": f"smtp://127.0.0.1:{port}?tls=off"}) as house,
    ):
        assert (await told(house))["identity.mail"] == "good"


async def test_keys_that_cannot_be_opened_or_were_never_replaced_are_said(
    house: Installation, clock: MovedClock
) -> None:
    database = house.context("identity").database
    assert (await told(house))["identity.keys"] == "good"
    clock.ahead_s += 400 * 86_400
    assert (await told(house))["identity.keys"] == "note"
    await database.write(lambda c: c.execute(update(signing_keys).values(sealed=b"\0" * 80)))
    assert (await told(house))["identity.keys.sealed"] == "bad"


async def test_administrators_without_a_passkey_are_counted_and_not_named(tmp_path: Path) -> None:
    async with installation(tmp_path) as house:
        assert "identity.passkeys" not in await told(house)
        await house.person("ada", administrator=True)
        await house.person("bob")
        (found,) = [one for one in await house.call("identity.check") if one.check == "identity.passkeys"]
    assert (found.state, found.values) == ("note", {"count": "1", "all": "1"})


async def test_that_a_password_alone_opens_the_administration_is_said(house: Installation) -> None:
    assert (await told(house))["identity.passkeys"] == "note"
