"""Where the operator has opened it, an account exists once its owner has read their mail."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.apps.identity.service.lookalikes import is_mixed, plain_look
from synfonium.apps.identity.service.peers import Peers, network_of
from synfonium.apps.identity.store.signup import acceptances
from synfonium.testing.client import Installation, installation

from .conftest import MovedClock
from .letters import all_letters, letters_to, path_in, text_of
from .test_addresses import verify
from .test_second import hidden

WISH = {"name": "bob", "display": "Bob", "address": "bob@example.org", "age": "enough", "terms": "on"}
TERMS = "Be kind.\nDo no harm."
RULES = {"is_open": "on", "minimum_age": "15", "terms": TERMS, "without_letters": "on"}


@pytest.fixture
async def open_house(house: Installation, ada: httpx.AsyncClient) -> Installation:
    assert (await ada.post("/admin/signup", data=RULES)).status_code == 303
    return house


@pytest.fixture
async def stranger(open_house: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with open_house.client(headers={"sec-fetch-site": "same-origin", "accept": "text/html"}) as client:
        yield client


async def sign_up(
    stranger: httpx.AsyncClient, clock: MovedClock, after_s: float = 5, **changed: str
) -> httpx.Response:
    form = hidden((await stranger.get("/signup")).text, "form")
    clock.ahead_s += after_s
    return await stranger.post("/signup", data={**WISH, "form": form, **changed})


async def names(house: Installation) -> list[str]:
    return [one["name"] for one in (await house.call("identity.user_list"))["people"]]


async def test_nobody_signs_up_until_the_operator_opens_it(
    house: Installation, browser: httpx.AsyncClient
) -> None:
    assert (await browser.get("/signup")).status_code == 404
    assert (await browser.post("/signup", data={**WISH, "form": "x"})).status_code == 404
    assert "/signup" not in (await browser.get("/signin")).text


async def test_sign_up_is_not_opened_by_mistake_where_letters_reach_nobody(
    house: Installation, ada: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    unaware = {**RULES, "without_letters": ""}
    refused = await ada.post("/admin/signup", data=unaware)
    assert refused.status_code == 422
    assert "Letters reach nobody yet, so nobody could sign up." in refused.text
    assert "Be kind." in refused.text, "what was typed stays"
    assert (await browser.get("/signup")).status_code == 404
    assert 'name="without_letters"' in refused.text
    assert (await ada.post("/admin/signup", data=RULES)).status_code == 303
    assert "Sign-up is open, and letters reach nobody." in (await ada.get("/admin/signup")).text
    changed = await ada.post("/admin/signup", data={**unaware, "terms": "Be kinder."})
    assert changed.status_code == 303, "open already: nothing more is opened"


async def test_where_letters_go_out_sign_up_is_opened_without_a_word(tmp_path: Path) -> None:
    mail = {
        "SYNFONIUM_MAIL": "smtp://localhost:2525?tls=off",
        "SYNFONIUM_IDENTITY_ADMINISTRATORS_NEED_PASSKEY": "false",
    }
    async with installation(tmp_path, mail) as house:
        await house.person("ada", administrator=True)
        headers = {"sec-fetch-site": "same-origin", "accept": "text/html"}
        async with house.client(headers=headers) as ada:
            await ada.post("/signin", data={"name": "ada", "password": "ada-password-1"})
            assert "letters reach nobody" not in (await ada.get("/admin/signup")).text
            opened = await ada.post("/admin/signup", data={**RULES, "without_letters": ""})
            assert opened.status_code == 303


async def test_an_account_exists_once_its_owner_has_opened_the_letter(
    open_house: Installation, stranger: httpx.AsyncClient, clock: MovedClock
) -> None:
    assert "/signup" in (await stranger.get("/signin")).text
    assert (await sign_up(stranger, clock)).headers["location"] == "/signup?asked=yes"
    path = path_in((await letters_to(open_house, "bob@example.org"))[0])
    assert "bob@example.org" in (await stranger.get(path)).text
    assert await names(open_house) == ["ada"]
    link = {"link": path.rpartition("/")[2]}
    led = await stranger.post("/signup/confirm", data=link)
    assert await names(open_house) == ["ada", "bob"]
    assert (await stranger.post("/signup/confirm", data=link)).status_code == 410
    welcome = {"link": led.headers["location"].rpartition("/")[2], "password": "a long sentence"}
    assert (await stranger.post("/welcome", data=welcome)).status_code == 303
    page = (await stranger.get("/settings/security")).text
    assert "bob@example.org" in page
    assert (await stranger.get("/admin/people")).status_code == 403


async def test_which_terms_were_agreed_to_is_kept(
    open_house: Installation, ada: httpx.AsyncClient, stranger: httpx.AsyncClient, clock: MovedClock
) -> None:
    await ada.post("/admin/signup", data={**RULES, "terms": "Be kinder."})
    assert "Be kinder." in (await stranger.get("/signup")).text
    await sign_up(stranger, clock)
    path = path_in((await letters_to(open_house, "bob@example.org"))[0])
    await stranger.post("/signup/confirm", data={"link": path.rpartition("/")[2]})
    database = open_house.context("identity").database
    (row,) = await database.read(lambda c: c.execute(acceptances.select()).all())
    assert row.version == 2


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"age": "less"}, 403),
        ({"age": ""}, 422),
        ({"terms": ""}, 422),
        ({"name": "../x"}, 422),
        ({"address": "bob"}, 422),
        ({"display": "x" * 81}, 422),
        ({"name": "ada"}, 409),
        ({"name": "admin"}, 409),
        ({"name": "support-team"}, 409),
        ({"name": "the.administrator"}, 409),
        ({"name": "r00t"}, 409),
        ({"display": "Аdа"}, 422),
        ({"display": "Support"}, 422),
        ({"display": "Ѕupport Сentre"}, 422),
        ({"display": "Αdministrator"}, 422),
    ],
)
async def test_what_cannot_be_is_said_beside_its_field_and_sends_nothing(
    open_house: Installation,
    stranger: httpx.AsyncClient,
    clock: MovedClock,
    changed: dict[str, str],
    status: int,
) -> None:
    assert (await sign_up(stranger, clock, **changed)).status_code == status
    assert all_letters(open_house) == []
    assert await names(open_house) == ["ada"]


async def test_a_name_that_looks_like_another_is_taken(
    open_house: Installation, stranger: httpx.AsyncClient, clock: MovedClock
) -> None:
    await open_house.person("marion.lo")
    for name in ("rnarion.lo", "marion.l0", "marion.1o"):
        assert (await sign_up(stranger, clock, name=name)).status_code == 409, name


@pytest.mark.parametrize("display", ["Élodie Ançay", "Иван Петров", "李小龙", "Jürgen", "Ναταλία"])
async def test_people_of_any_alphabet_sign_up(
    open_house: Installation, stranger: httpx.AsyncClient, clock: MovedClock, display: str
) -> None:
    assert (await sign_up(stranger, clock, display=display)).status_code == 303


def test_letters_are_seen_as_they_look() -> None:
    assert plain_look("Раура") == "Paypa"
    assert is_mixed("Аda")
    assert not is_mixed("Élodie Ançay")


async def test_an_address_that_has_an_account_hears_so_itself(
    open_house: Installation, ada: httpx.AsyncClient, stranger: httpx.AsyncClient, clock: MovedClock
) -> None:
    await verify(open_house, ada, "ada@example.org")
    free = await sign_up(stranger, clock)
    known = await sign_up(stranger, clock, address="ADA@example.org", name="bobby")
    assert free.headers["location"] == known.headers["location"]
    told = (await letters_to(open_house, "ADA@example.org"))[0]
    assert "/recover" in text_of(told)
    assert "/signup/" not in text_of(told)


@pytest.mark.parametrize(("after_s", "status"), [(0, 429), (5, 303), (3700, 429)])
async def test_a_form_that_comes_back_at_once_or_too_late_is_refused(
    stranger: httpx.AsyncClient, clock: MovedClock, after_s: float, status: int
) -> None:
    answer = await sign_up(stranger, clock, after_s)
    assert answer.status_code == status
    if status == 429:
        assert 'value="bob@example.org"' in answer.text


async def test_a_form_works_once(
    open_house: Installation, stranger: httpx.AsyncClient, clock: MovedClock
) -> None:
    form = hidden((await stranger.get("/signup")).text, "form")
    clock.ahead_s += 5
    answers = []
    for number in range(2):
        wish = {**WISH, "name": f"bob{number}x", "address": f"bob{number}@example.org", "form": form}
        answers.append((await stranger.post("/signup", data=wish)).status_code)
    assert answers == [303, 429]


async def test_one_mailbox_has_one_sign_up_at_a_time(
    open_house: Installation, stranger: httpx.AsyncClient, clock: MovedClock
) -> None:
    said = [(await sign_up(stranger, clock, name=f"bob{i}x")).status_code for i in range(2)]
    assert said == [303, 429]
    clock.ahead_s += 600
    assert (await sign_up(stranger, clock)).status_code == 303


async def test_many_sign_ups_from_one_network_are_slowed_without_its_address(
    open_house: Installation, stranger: httpx.AsyncClient, clock: MovedClock
) -> None:
    said = [
        (await sign_up(stranger, clock, name=f"b{i}b", address=f"b{i}@example.org")).status_code
        for i in range(22)
    ]
    assert said[:20] == [303] * 20
    assert 429 in said[20:]
    peers: Peers = open_house.context("identity").service.sign_up._peers
    assert "127.0.0" not in repr(vars(peers._known))


def test_an_address_is_cut_to_its_network_and_the_key_is_thrown_away_hourly() -> None:
    assert network_of("192.0.2.77") == network_of("::ffff:192.0.2.1") == "192.0.2.0/24"
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert network_of("nonsense") == ""
    now = [0.0]
    peers = Peers(lambda: now[0], of_one=(1, 1e9), in_all=(100, 1.0))
    peers.take("192.0.2.1")
    key = peers._key
    now[0] = 3601.0
    peers.take("192.0.2.1")
    assert peers._key != key


@pytest.mark.parametrize("link", ["x", "A" * 500, "é"])
async def test_made_up_links_make_no_account(
    open_house: Installation, stranger: httpx.AsyncClient, link: str
) -> None:
    assert (await stranger.get(f"/signup/{link}")).status_code == 410
    assert (await stranger.post("/signup/confirm", data={"link": link})).status_code == 410
    assert await names(open_house) == ["ada"]


async def test_the_quicker_of_two_links_for_one_name_wins(
    open_house: Installation, stranger: httpx.AsyncClient, clock: MovedClock
) -> None:
    links = []
    for address in ("one@example.org", "two@example.org"):
        await sign_up(stranger, clock, address=address)
        links.append(path_in((await letters_to(open_house, address))[0]).rpartition("/")[2])
    said = [(await stranger.post("/signup/confirm", data={"link": link})).status_code for link in links]
    assert said == [303, 409]


async def test_closing_sign_up_closes_links_that_are_under_way(
    open_house: Installation, ada: httpx.AsyncClient, stranger: httpx.AsyncClient, clock: MovedClock
) -> None:
    await sign_up(stranger, clock)
    path = path_in((await letters_to(open_house, "bob@example.org"))[0])
    assert (await ada.post("/admin/signup", data={**RULES, "is_open": ""})).status_code == 303
    answer = await stranger.post("/signup/confirm", data={"link": path.rpartition("/")[2]})
    assert answer.status_code == 404
