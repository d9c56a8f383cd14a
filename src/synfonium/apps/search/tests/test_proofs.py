"""What search promises of itself: tried, and seen to fail when it is not so."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from synfonium.apps.search.service.proofs import answers, memory, process, traces
from synfonium.apps.search.service.proofs.markup import read, strangers
from synfonium.apps.search.service.proofs.scene import Outcome, Scene
from synfonium.apps.trust.contract import Proof
from synfonium.kernel import gate
from synfonium.testing.client import Installation, installation

PAGES = [
    {"url": f"https://val-joli.example/{n}", "title": f"Page {n}", "text": "le vent et le sel", "lang": "fr"}
    for n in range(12)
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Installation]:
    async with installation(tmp_path / "home") as running:
        file = tmp_path / "pages.jsonl"
        file.write_text("\n".join(json.dumps(page) for page in PAGES))
        await running.call("search.add", {"paths": [str(file)]})
        yield running


@pytest.fixture
def scene(house: Installation) -> Scene:
    return Scene(house.context("search"))


@pytest.mark.parametrize(
    "check",
    [
        answers.no_cookie,
        answers.nothing_of_others,
        answers.same_for_all,
        answers.nobody_seen,
        answers.no_detour,
        answers.can_be_posted,
        memory.forgets_askers,
        process.no_connection,
        traces.no_trace,
    ],
)
async def test_a_promise_is_kept(scene: Scene, check: object) -> None:
    outcome: Outcome = await check(scene)  # type: ignore[operator]
    assert outcome.state == "kept", outcome.found.format(**outcome.values)


async def test_a_word_searched_often_is_never_suggested(scene: Scene) -> None:
    assert (await memory.no_learning(scene, times=200)).state == "kept"


async def test_a_door_that_sees_who_asks_breaks_the_promise(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "NEEDED", gate.NEEDED | {b"user-agent"})
    assert (await answers.nobody_seen(scene)).state == "broken"
    monkeypatch.setattr("synfonium.kernel.dispatcher.gate.anonymised", lambda scope: scope)
    assert (await answers.nobody_seen(scene)).state == "broken"


async def test_a_page_that_loads_from_elsewhere_breaks_the_promise(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    loose = gate.page_policy(scene.context.site) + " https://cdn.example"
    assert not answers._is_strict(loose, {scene.context.site.public_url})
    monkeypatch.setattr(answers, "_own", lambda _scene: {"https://somewhere.else"})
    assert (await answers.nothing_of_others(scene)).state == "broken"


async def test_a_log_of_questions_breaks_the_promise(
    house: Installation, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = house.context("search").service.find
    asked = find.pages

    async def noted(question: object, **given: object) -> object:
        with (scene.context.home / "log").open("a") as file:
            file.write(f"{question}\n")
        return await asked(question, **given)

    monkeypatch.setattr(find, "pages", noted)
    assert (await traces.no_trace(scene)).state == "broken"


async def test_a_question_that_asks_somebody_else_breaks_the_promise(
    house: Installation, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    find = house.context("search").service.find

    async def elsewhere(typed: str) -> list[str]:
        socket.getaddrinfo("localhost", 80)
        return []

    monkeypatch.setattr(find, "suggestions", elsewhere)
    outcome = await process.no_connection(scene)
    assert outcome.state == "broken"
    assert outcome.values["events"] == "socket.getaddrinfo"


@pytest.mark.parametrize("form", sorted(traces.forms("où mélèze4f3a")))
def test_a_trace_is_found_in_every_form_wherever_it_stands(tmp_path: Path, form: bytes) -> None:
    for before in (0, 1, 2, 3, traces._PIECE_BYTES - 3):
        (tmp_path / "file").write_bytes(b"\0" * before + form + b"\xff" * 5)
        assert traces.search(["où mélèze4f3a"], traces.written_since(tmp_path, 0)).hits == 1


def test_everything_that_a_page_may_load_is_seen() -> None:
    page = b"""<link rel=stylesheet href=/a.css><link rel=canonical href=https://x.example/>
    <img srcset="/b 1x, //c.example/d 2x"><script>x</script><p style="a:b" onclick=x>
    <form action=https://e.example/f></form><a href=//g.example ping=/h>"""
    markup = read(page, "https://own.example/search")
    assert strangers(markup.loads, ["https://own.example"]) == ["https://c.example/d", "https://e.example/f"]
    assert markup.inline == 3
    assert [(link.url, link.has_ping) for link in markup.links] == [("https://g.example", True)]


async def test_anybody_reads_on_a_page_what_is_promised_and_how_it_was_tried(house: Installation) -> None:
    async with house.client(headers={"accept": "text/html", "accept-language": "fr-CA, oc"}) as client:
        page = await client.get(
            "/search/privacy", headers={"cookie": "session=secret", "user-agent": "Mozilla"}
        )
        assert page.text.count('data-state="kept"') >= 6
        assert "accept-language" in page.text
        assert "fr-CA" not in page.text
        assert "Mozilla" not in page.text
        assert "secret" not in page.text
        assert "search.no_trace" not in page.text
        await house.call("trust.report")
        again = await client.get("/search/privacy")
        assert 'data-promise="search.no_trace" data-state="kept"' in again.text
        assert "/trust/report.json" in again.text


async def test_every_promise_has_words_and_one_answer(house: Installation) -> None:
    proofs = msgspec.convert(msgspec.to_builtins(await house.call("search.prove")), list[Proof])
    assert len({proof.promise for proof in proofs}) == len(proofs) >= 10
    for proof in proofs:
        assert all((proof.said, proof.how, proof.found.format(**proof.values)))
        # Whether the process of the tests is hardened is nobody's promise.
        assert proof.promise == "search.no_core" or proof.state == "kept", proof


@pytest.mark.parametrize(("dumps", "state"), [(True, "broken"), (False, "kept")])
async def test_a_process_that_may_dump_its_memory_breaks_the_promise(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, dumps: bool, state: str
) -> None:
    monkeypatch.setattr(process, "dumps_core", lambda: dumps)
    assert (await process.no_core(scene)).state == state
