"""How soon are places found among a million, and how soon is a map drawn?

    .venv/bin/python benchmarks/how_fast_are_places_found.py [--places N]

Goal: half of the questions in at most 5 ms and 99 of 100 in at most 20 ms at a million places. The
places are made: names of two syllables and two words in a square of Europe, one in five a pharmacy, a
bakery or a town hall, imported as the command does, from a file in GeoNames' form. Asked through the
service, one at a time; CPU of this process beside the wall time, for a machine that has other work.
Writes benchmarks/results/places.json.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from answers import keep

from synfonium.apps.search.service.places.drawing import View
from synfonium.testing.client import installation

SYLLABLES = [a + b for a in "bcdfglmnprstv" for b in ("a", "e", "i", "o", "ou", "ai", "an", "on")]
CODES = ("PPL", "PPL", "PPL", "PPL", "HSP", "MUS", "LIBR", "RSTN")
CITIES = 200


def name_of(random_: random.Random) -> str:
    words = [
        "".join(random_.choices(SYLLABLES, k=random_.randint(2, 3))) for _ in range(random_.randint(1, 2))
    ]
    return "-".join(words).title()


def write(path: Path, count: int) -> list[str]:
    """A file of so many places; the names of its cities."""
    random_ = random.Random(1)
    cities = [name_of(random_) for _ in range(CITIES)]
    with path.open("w") as file:
        for number in range(count):
            name = cities[number] if number < CITIES else name_of(random_)
            lat, lon = random_.uniform(42, 55), random_.uniform(-4, 20)
            code = "PPLA" if number < CITIES else random_.choice(CODES)
            inhabitants = random_.randint(20_000, 900_000) if number < CITIES else random_.randint(0, 900)
            group = "P" if code.startswith("P") else "S"
            columns = [str(number + 1), name, name, "", f"{lat:.5f}", f"{lon:.5f}", group, code, "FR"]
            file.write("\t".join([*columns, "", "", "", "", "", str(inhabitants), "", "", "", ""]) + "\n")
    return cities


async def timed(asked: list[str], ask: Callable[[str], Awaitable[object]]) -> dict[str, float]:
    for text in asked[:20]:
        await ask(text)
    took_ms, used_ms = [], []
    for text in asked:
        begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
        await ask(text)
        took_ms.append((time.perf_counter() - begun_s) * 1000)
        used_ms.append((time.process_time() - begun_cpu_s) * 1000)
    wall, cpu = statistics.quantiles(took_ms, n=100), statistics.quantiles(used_ms, n=100)
    found = {"p50_ms": wall[49], "p99_ms": wall[98], "cpu_p50_ms": cpu[49], "cpu_p99_ms": cpu[98]}
    return {name: round(value, 2) for name, value in found.items()}


async def measure(count: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "made.txt"
        cities = write(file, count)
        async with installation(Path(folder) / "home") as house:
            begun_s = time.perf_counter()
            await house.call("search.import_places", {"path": str(file)})
            import_s = time.perf_counter() - begun_s
            service = house.context("search").service
            size = sum(path.stat().st_size for path in (Path(folder) / "home").rglob("search*.sqlite*"))
            asked = {
                "by name": cities,
                "by a beginning": [city[:3] for city in cities],
                "a kind near a town": [f"hôpital près de {city}" for city in cities],
                "nothing of the kind": [f"xyz{city}xyz qwerty uiop {city}" for city in cities],
            }
            answer: dict[str, object] = {
                name: await timed(texts, service.places.find) for name, texts in asked.items()
            }
            views = [View(lat=48 + n / 100, lon=5 + n / 50, zoom=5 + n % 10) for n in range(100)]
            answer["a map"] = await timed(
                [str(n) for n in range(100)], lambda text: service.maps.draw(views[int(text)])
            )
    return {
        **answer,
        "places": count,
        "import_s": round(import_s, 1),
        "database_mib": round(size / (1 << 20)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=1_000_000)
    keep("places", asyncio.run(measure(parser.parse_args().places)))


if __name__ == "__main__":
    main()
