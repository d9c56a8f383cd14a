"""PCs are what people asked for, and their rows are true."""

from pathlib import Path

import pytest

from synfonium.apps.pc.errors import ImageNotBuilt
from synfonium.apps.pc.service import PcService
from synfonium.common.problem import Problem
from synfonium.testing.client import Installation, installation


def service_of(house: Installation) -> PcService:
    service: PcService = house.context("pc").service
    return service


async def made(house: Installation, **more: str) -> str:
    await house.person("ana")
    machine = await house.call("pc.create", {"owner": "ana", "name": "Bureau", **more})
    return str(machine["id"])


async def test_a_pc_starts_shows_its_state_and_stops(house: Installation) -> None:
    machine_id = await made(house)
    assert (await house.call("pc.start", {"machine": machine_id}))["state"] == "running"
    assert [m["state"] for m in await house.call("pc.list")] == ["running"]
    assert (await house.call("pc.start", {"machine": "Bureau"}))["state"] == "running"
    assert (await house.call("pc.stop", {"machine": machine_id}))["state"] == "stopped"
    assert (await house.call("pc.stop", {"machine": machine_id}))["state"] == "stopped"


async def test_a_pc_that_was_killed_is_shown_as_off_and_starts_again(house: Installation) -> None:
    machine_id = await made(house)
    await house.call("pc.start", {"machine": machine_id})
    await house.context("pc").compute.stop(machine_id, grace_s=0)
    assert [m["state"] for m in await house.call("pc.list")] == ["stopped"]
    assert (await house.call("pc.start", {"machine": machine_id}))["state"] == "running"


async def test_a_gateway_that_comes_back_finds_the_pc_running(house: Installation, tmp_path: Path) -> None:
    machine_id = await made(house)
    await house.call("pc.start", {"machine": machine_id})
    service = service_of(house)
    await house.context("pc").database.write(lambda c: _forget(c, machine_id))
    await service.broker.reconcile()
    assert (await service.broker.one(machine_id)).state == "running"


async def test_what_runs_for_nobody_is_stopped(house: Installation) -> None:
    machine_id = await made(house)
    await house.call("pc.start", {"machine": machine_id})
    from synfonium.apps.pc import store

    await house.context("pc").database.write(lambda c: store.remove_machine(c, machine_id))
    await service_of(house).broker.reconcile()
    assert await house.context("pc").compute.state(machine_id) == "stopped"


async def test_a_deleted_pc_takes_its_home_along(house: Installation) -> None:
    machine_id = await made(house)
    await house.call("pc.start", {"machine": machine_id})
    base = service_of(house).broker.folders(machine_id).base
    assert base.is_dir()
    await house.call("pc.delete", {"machine": machine_id})
    assert not base.exists()
    assert await house.call("pc.list") == []
    assert not list(base.parent.glob(".deleted-*"))


async def test_the_home_survives_a_stop(house: Installation) -> None:
    machine_id = await made(house)
    await house.call("pc.start", {"machine": machine_id})
    home = service_of(house).broker.folders(machine_id).home
    (home / "kept").write_text("x")
    await house.call("pc.stop", {"machine": machine_id})
    await house.call("pc.start", {"machine": machine_id})
    assert (home / "kept").read_text() == "x"


async def test_without_an_image_the_pc_says_which_command_builds_it(bare_house: Installation) -> None:
    machine_id = await made(bare_house)
    with pytest.raises(ImageNotBuilt):
        await bare_house.call("pc.start", {"machine": machine_id})
    (machine,) = await bare_house.call("pc.list")
    assert (machine["state"], machine["reason"]) == ("failed", "pc.image_not_built")


async def test_a_second_pc_of_a_name_and_one_too_many_are_refused(bare_house: Installation) -> None:
    await made(bare_house)
    with pytest.raises(Problem) as refusal:
        await bare_house.call("pc.create", {"owner": "ana", "name": "Bureau"})
    assert refusal.value.code == "pc.name_taken"
    for number in range(4):
        await bare_house.call("pc.create", {"owner": "ana", "name": f"n{number}"})
    with pytest.raises(Problem) as refusal:
        await bare_house.call("pc.create", {"owner": "ana", "name": "last"})
    assert refusal.value.code == "pc.too_many"


async def test_an_unknown_image_and_silly_limits_are_refused(bare_house: Installation) -> None:
    await bare_house.person("ana")
    for wrong in ({"image": "windows"}, {"memory": "1M"}, {"cpus": "many"}, {"cpus": "0"}, {"disk": "x"}):
        with pytest.raises(Problem):
            await bare_house.call("pc.create", {"owner": "ana", "name": "a", **wrong})
    assert await bare_house.call("pc.list") == []


async def test_a_pc_switched_off_from_within_stays_off(house: Installation) -> None:
    machine_id = await made(house)
    await house.call("pc.start", {"machine": machine_id})
    broker = service_of(house).broker
    await house.context("pc").compute.stop(machine_id, grace_s=0)
    await broker._watch_one(await broker.one(machine_id))
    machine = await broker.one(machine_id)
    assert (machine.wanted, machine.state) == ("stopped", "stopped")


async def test_an_aborted_build_leaves_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    left = home / "apps" / "pc" / "images" / ".building-x" / "root"
    left.mkdir(parents=True)
    async with installation(home):
        assert not left.parent.exists()


def _forget(connection: object, machine_id: str) -> None:
    from synfonium.apps.pc import store

    store.see(connection, machine_id, "stopped")  # type: ignore[arg-type]
