"""What is kept of a person here is theirs: given out, and destroyed with the account."""

import json
import zipfile
from pathlib import Path

from sqlalchemy import func, select

from synfonium.apps.notifications.store.tables import metadata
from synfonium.apps.notifications.tests.conftest import SignIn, Tell
from synfonium.apps.notifications.tests.push_service import PushService
from synfonium.testing.client import Installation

MINE = ("item", "choice", "topic", "tally", "push")


async def test_a_person_takes_their_notifications_along_and_leaves_nothing(
    house: Installation, service: PushService, sign_in: SignIn, tell: Tell, tmp_path: Path
) -> None:
    await house.person("ana")
    client, browser = await sign_in("ana"), service.browser()
    days = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "on")
    quiet = {"from": "00:00", "to": "00:00", "zone": "Europe/Paris", "on": "on"}
    assert (await client.post("/settings/notifications", data={**quiet, **days})).status_code == 303
    assert (await client.post("/api/notifications/devices", json=browser.subscription)).status_code == 200
    await tell("ana", "A letter from Zoe")
    person = (await house.call("identity.user_find", {"name": "ana"}))["id"]
    await house.call("yourdata.export", {"name": "ana", "path": str(tmp_path / "ana.zip")})
    with zipfile.ZipFile(tmp_path / "ana.zip") as archive:
        given = {
            name: archive.read(f"apps/notifications/notifications_{name}.jsonl").decode() for name in MINE
        }
    assert "A letter from Zoe" in given["item"]
    assert json.loads(given["choice"])["zone"] == "Europe/Paris"
    assert json.loads(given["push"])["label"] == ""
    assert browser.subscription["keys"]["auth"] not in given["push"]
    assert "sealed" not in given["push"]
    await house.call("yourdata.erase", {"name": "ana", "after_days": 0})
    for table in metadata.sorted_tables:
        if "person" in table.c and not table.name.endswith("_audit"):
            counted = select(func.count()).select_from(table).where(table.c.person == person)
            database = house.context("notifications").database
            assert await database.read(lambda c, q=counted: c.execute(q).scalar_one()) == 0, table.name
