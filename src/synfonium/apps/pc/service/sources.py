"""Where this computer gets its packages: images are made from the same places.

Reads apt's own files in both formats (sources.list(5)) and keeps the entries of the
distribution's release; third parties' repositories are left out.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

APT = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: addresses, suites, components and apt's options."""

    addresses: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""

    def as_deb822(self) -> str:
        lines = [
            "Types: deb",
            f"URIs: {' '.join(self.addresses)}",
            f"Suites: {' '.join(self.suites)}",
            f"Components: {' '.join(self.components)}",
        ]
        if self.signed_by:
            lines.append(f"Signed-By: {self.signed_by}")
        return "\n".join(lines) + "\n"


def release(os_release: Path = OS_RELEASE) -> str:
    """The code name of this computer's release, or an empty string."""
    try:
        lines = os_release.read_text("utf-8").splitlines()
    except OSError:
        return ""
    values = dict(line.partition("=")[::2] for line in lines)
    return values.get("VERSION_CODENAME", "").strip('"')


def sources_of(suite: str, folder: Path = APT) -> Sequence[Source]:
    """Every enabled entry of the release `suite`."""
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    found: list[Source] = []
    for path in files:
        try:
            text = path.read_text("utf-8", errors="replace")
        except OSError:
            continue
        if path.suffix == ".sources":
            found += _stanzas(text)
        elif path.suffix == ".list":
            found += _one_liners(text)
    return [kept for source in found if (kept := _of_suite(source, suite))]


def _of_suite(source: Source, suite: str) -> Source | None:
    suites = tuple(s for s in source.suites if s == suite or s.startswith((f"{suite}-", f"{suite}/")))
    suites = tuple(s for s in suites if not s.endswith("-backports"))
    kept = {"main", "universe"} & set(source.components)
    if not suites or not kept:
        return None
    return msgspec.structs.replace(source, suites=suites, components=tuple(sorted(kept)))


def _stanzas(text: str) -> Iterator[Source]:
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        for line in block.splitlines():
            name, colon, value = line.partition(":")
            if colon and not line.startswith(("#", " ")):
                fields[name.strip().lower()] = value.strip()
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
            yield Source(
                addresses=tuple(fields.get("uris", "").split()),
                suites=tuple(fields.get("suites", "").split()),
                components=tuple(fields.get("components", "").split()),
                signed_by=fields.get("signed-by", "") if fields.get("signed-by", "").startswith("/") else "",
            )


def _one_liners(text: str) -> Iterator[Source]:
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words or words[0] != "deb":
            continue
        signed_by = ""
        if len(words) > 1 and words[1].startswith("["):
            end = next((i for i, word in enumerate(words) if word.endswith("]")), 0)
            options = " ".join(words[1 : end + 1]).strip("[]").split()
            signed_by = dict(option.partition("=")[::2] for option in options).get("signed-by", "")
            words = [words[0], *words[end + 1 :]]
        if len(words) >= 4:
            yield Source(
                addresses=(words[1],), suites=(words[2],), components=tuple(words[3:]), signed_by=signed_by
            )
