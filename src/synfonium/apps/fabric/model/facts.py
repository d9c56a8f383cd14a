"""Facts as they are kept and told: what a CloudEvent from outside may say, and what each
listener is told of one (CloudEvents 1.0.2, JSON event format)."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from synfonium.apps.fabric.contract import GRANT_GIVEN, GRANT_REVOKED
from synfonium.common.ids import PersonId

MEDIA_TYPE = "application/cloudevents+json"
BATCH_MEDIA_TYPE = "application/cloudevents-batch+json"
LARGEST_FACT_BYTES = 64 * 1024
MOST_IN_A_BATCH = 100
MOST_STEPS = 128
GRANT_FACTS = frozenset({GRANT_GIVEN, GRANT_REVOKED})
"""What a grant's own app hears, also when the grant is over: it tells of nothing else."""
# In the data of installed apps: whose it is, and what the subject lies in, or lay in before.
_PEOPLE = ("owner", "person")
_PLACES = ("path", "path_before")


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One past fact in the journal. seq: its place there, 0 before. key: its id among all facts,
    by which a listener goes on; id: what its source calls it. app: the source. path: the
    subject's address, then those of what it lies in. owner: whose it is, "" for nobody's."""

    key: str
    id: str
    type: str
    app: str
    subject: str
    path: tuple[str, ...]
    owner: str
    time_s: float
    data: dict[str, Any] = {}
    seq: int = 0


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudEvent as an app sends it. path: ours, an extension: what the subject lies in."""

    specversion: Literal["1.0"]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    type: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    time: datetime | None = None
    datacontenttype: str = "application/json"
    path: Annotated[str, msgspec.Meta(max_length=MOST_STEPS * 180)] = ""
    data: dict[str, Any] = {}


class Listener(msgspec.Struct, frozen=True):
    """For whom a fact is told: an app on behalf of a person, or, app "", the person."""

    app: str
    person: PersonId


def told(body: bytes, *, is_batch: bool) -> list[CloudEvent]:
    """What a body says. Raises msgspec.DecodeError (ValidationError is one), ValueError."""
    if not is_batch:
        return [msgspec.json.decode(body, type=CloudEvent)]
    raws = msgspec.json.decode(body, type=list[msgspec.Raw])
    if len(raws) > MOST_IN_A_BATCH or any(len(raw) > LARGEST_FACT_BYTES for raw in map(bytes, raws)):
        raise ValueError("a batch holds at most 100 events of 64 KiB")
    return [msgspec.json.decode(raw, type=CloudEvent) for raw in raws]


def wants(types: Collection[str], type_: str) -> bool:
    """Whether `type_` is among `types`, of which one may end with `.*`."""
    return type_ in types or any(one.endswith(".*") and type_.startswith(one[:-1]) for one in types)


def path_of(data: dict[str, Any], subject: str) -> tuple[str, ...]:
    """Where an installed app says that the subject lies, and lay; () when it does not say."""
    steps = [step for key in _PLACES for step in str(data.get(key) or "").split()[:MOST_STEPS]]
    return tuple(dict.fromkeys([subject, *steps])) if steps else ()


def owner_of(data: dict[str, Any]) -> str:
    return next((str(data[key]) for key in _PEOPLE if data.get(key)), "")


def envelope(fact: Fact, site_url: str, to: Listener, sub: str, objects: Collection[str]) -> dict[str, Any]:
    """The fact as `to` is told of it. sub: what it calls the person. objects: what it was
    granted; of what the subject lies in no more is said than that."""
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": fact.id,
        "source": f"{site_url}/{fact.app}",
        "type": fact.type,
        "subject": fact.subject,
        "time": datetime.fromtimestamp(fact.time_s, UTC).isoformat(timespec="milliseconds"),
        "datacontenttype": "application/json",
        "data": _data(fact, to, sub, objects),
    }
    return attributes | ({"person": sub} if to.app else {})


def _data(fact: Fact, to: Listener, sub: str, objects: Collection[str]) -> dict[str, Any]:
    data = {}
    for key, value in fact.data.items():
        if key in _PLACES:
            value = " ".join(_seen(str(value or "").split(), objects) if to.app else str(value or "").split())
        elif value == to.person:
            value = sub
        elif key in _PEOPLE:
            continue
        data[key] = value
    return data


def _seen(path: Sequence[str], objects: Collection[str]) -> Sequence[str]:
    known = [index for index, address in enumerate(path) if address in objects]
    return path[: max(known) + 1] if known else ()


def emitted_types() -> frozenset[str]:
    """What the installed apps' manifests say that they tell, and what the fabric tells itself.

    Read without importing any app: subscriptions are known before.
    """
    found = set(GRANT_FACTS)
    for point in entry_points(group="synfonium.apps"):
        spec = find_spec(point.value.partition(":")[0])
        for folder in (spec and spec.submodule_search_locations) or ():
            file = Path(folder) / "synfonium.app.json"
            if file.is_file():
                emits = msgspec.json.decode(file.read_bytes()).get("synfonium", {}).get("emits", ())
                found |= {str(one["type"]) for one in emits}
    return frozenset(found)
