"""The built web front is kept for ever by its hashed names, and for a while by those that stay."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from synfonium.kernel import pages
from synfonium.kernel.static import StaticFiles

HASHED, STABLE = "kit/kit-uZ_O8W7O.js", "kit/elements.js"


@pytest.fixture
async def front(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "kit").mkdir()
    for name in (HASHED, STABLE):
        (tmp_path / name).write_text(f"'{name}';")
    monkeypatch.setattr(pages.Static, "folder", tmp_path)
    transport = httpx.ASGITransport(app=StaticFiles())  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/static/") as client:
        yield client


async def test_a_hashed_name_is_kept_for_ever_and_one_that_stays_for_minutes(
    front: httpx.AsyncClient,
) -> None:
    assert "immutable" in (await front.get(HASHED)).headers["cache-control"]
    kept = (await front.get(STABLE)).headers["cache-control"]
    assert "immutable" not in kept
    assert "max-age=600" in kept


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_whoever_has_it_already_gets_no_bytes(front: httpx.AsyncClient, encoding: str) -> None:
    accepted = {"accept-encoding": encoding}
    first = await front.get(STABLE, headers=accepted)
    tag = first.headers["etag"]
    again = await front.get(STABLE, headers={**accepted, "if-none-match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await front.get(STABLE, headers={**accepted, "if-none-match": '"other"'})).status_code == 200
