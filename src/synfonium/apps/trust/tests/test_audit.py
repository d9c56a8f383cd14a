"""The page of the audit, its export and its commands."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.main import main
from synfonium.testing.client import Installation, installation

SAME_ORIGIN = {"sec-fetch-site": "same-origin", "accept": "text/html"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        yield running


@pytest.fixture
async def ada(house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    token = await house.person("ada", administrator=True)
    async with house.client(token=token, headers=SAME_ORIGIN) as client:
        yield client


async def test_an_administrator_sees_rows_of_every_app_and_no_name(
    house: Installation, ada: httpx.AsyncClient
) -> None:
    page = (await ada.get("/admin/audit")).text
    assert "identity.person.add" in page
    assert "the operator" in page
    rows = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert "ada" not in rows.lower().replace("identity.", "")


async def test_rows_are_filtered_by_act_app_and_day(house: Installation, ada: httpx.AsyncClient) -> None:
    async def rows(query: str) -> int:
        return (await ada.get(f"/admin/audit?{query}")).text.count("<time")

    assert await rows("act=identity.token") == 1
    assert await rows("act=identity.token&app=drive") == 0
    assert await rows("until=2020-01-01") == 0
    assert await rows("since=2020-01-01&person=operator") >= 2
    assert (await ada.get("/admin/audit?since=yesterday")).status_code == 422


async def test_everything_is_checked_by_one_button(house: Installation, ada: httpx.AsyncClient) -> None:
    page = await ada.post("/admin/audit/verify")
    assert "Nothing was changed" in page.text


async def test_a_changed_row_is_said_on_the_page(house: Installation, ada: httpx.AsyncClient) -> None:
    from synfonium.apps.identity.store.tables import audit

    await ada.post("/admin/audit/verify")
    await house.context("identity").database.write(
        lambda c: c.execute(audit.update().where(audit.c.seq == 1).values(person="eve"))
    )
    page = await ada.post("/admin/audit/verify")
    assert "The audit is not as it was written." in page.text
    assert "identity: row 1 (changed)" in page.text


async def test_the_doctor_is_told_of_a_changed_row(house: Installation) -> None:
    from synfonium.apps.identity.store.tables import audit

    await house.person("ada")
    (good,) = await house.call("trust.check")
    assert (good.check, good.state) == ("trust.audit", "good")
    await house.context("identity").database.write(
        lambda c: c.execute(audit.update().where(audit.c.seq == 1).values(person="eve"))
    )
    (bad,) = await house.call("trust.check")
    assert (bad.state, bad.values["app"], bad.values["seq"]) == ("bad", "identity", "1")
    found = await house.call("operations.doctor")
    assert [one.check for one in found if one.state == "bad"] == ["trust.audit"]


async def test_people_who_do_not_administer_see_nothing_of_it(house: Installation) -> None:
    token = await house.person("bob")
    async with house.client(token=token) as bob:
        for method, path in (("GET", ""), ("POST", "/verify"), ("POST", "/export")):
            assert (await bob.request(method, f"/admin/audit{path}")).status_code == 403


async def test_an_export_is_checked_on_a_machine_without_installation(
    house: Installation,
    ada: httpx.AsyncClient,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, key = tmp_path / "audit.jsonl", tmp_path / "audit.pem"
    await house.call("trust.audit_export", {"path": str(path)})
    async with house.client() as stranger:
        key.write_bytes((await stranger.get("/trust/audit.pem")).content)
    nowhere = tmp_path / "nowhere"
    monkeypatch.setenv("SYNFONIUM_HOME", str(nowhere))

    def check(*words: str) -> tuple[int, str]:
        import threading

        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(main(["audit", *words])))
        thread.start()
        thread.join()
        said = capsys.readouterr()
        return found[0], said.out + said.err

    status, said = check("verify", str(path), "--key", str(key))
    assert (status, "identity: whole" in said) == (0, True)
    path.write_bytes(path.read_bytes().replace(b"identity.person.add", b"identity.person.adD", 1))
    status, said = check("verify", str(path), "--key", str(key))
    assert (status, "NOT as it was written" in said) == (1, True)
    status, said = check("cef", str(path))
    assert (status, said.startswith("CEF:0|Synfonium|")) == (0, True)
    assert not nowhere.exists()


async def test_an_export_never_replaces_a_file(house: Installation, tmp_path: Path) -> None:
    from synfonium.apps.trust.errors import CannotWrite

    path = tmp_path / "there"
    path.write_bytes(b"mine")
    with pytest.raises(CannotWrite):
        await house.call("trust.audit_export", {"path": str(path)})
    assert path.read_bytes() == b"mine"
