"""What a person typed, read as a question: words, "phrases", -without, and operators.

| typed | also | means |
|---|---|---|
| `"a b"` | «a b», “a b” | these words side by side |
| `-a`, `-"a b"` | | not there |
| `site:example.org`, `-site:…` | | on this host or below, or not |
| `lang:fr` | `langue:` | in this language |
| `after:2024-05`, `before:2024` | `après:`, `avant:` | since its first day, until the day before |
| `filetype:pdf` | `type:`, `ext:` | a file of this type |
| `kind:news` | `type:` | a page, news, image, video or document |

What cannot be read so is words: nothing typed is a mistake.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from synfonium.apps.search.errors import QueryTooLong, TooManyOperators
from synfonium.ports.index import IndexQuery

LONGEST_QUERY = 2000
MOST_OPERATORS = 32

KINDS = {
    **{kind: kind for kind in ("page", "news", "image", "video", "document")},
    "pages": "page",
    "images": "image",
    "videos": "video",
    "documents": "document",
    "actualité": "news",
    "actualités": "news",
    "vidéo": "video",
    "vidéos": "video",
}
_TOKEN = re.compile(r'(?<!\S)([-+]?)(?:([^\W\d_]+):)?"([^"]*)"|(\S+)')
_SIGNED = re.compile(r"([-+]?)(?:([^\W\d_]+):)?([^\s]+)")
_QUOTES = str.maketrans(dict.fromkeys("«»“”„‟", '"'))
_WORD = re.compile(r"[^\W_]")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", re.ASCII)
_LANG = re.compile(r"[a-z]{2,3}")
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::\d{1,5})?")
_FILE_TYPE = re.compile(r"[a-z0-9]{1,8}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Parts(msgspec.Struct):
    """A question while it is read; as IndexQuery."""

    words: list[str] = msgspec.field(default_factory=list)
    phrases: list[str] = msgspec.field(default_factory=list)
    without: list[str] = msgspec.field(default_factory=list)
    hosts: list[str] = msgspec.field(default_factory=list)
    not_hosts: list[str] = msgspec.field(default_factory=list)
    lang: str = ""
    since_s: float | None = None
    until_s: float | None = None
    kinds: list[str] = msgspec.field(default_factory=list)
    file_types: list[str] = msgspec.field(default_factory=list)


def parse(typed: str) -> IndexQuery:
    """What `typed` asks. Raises QueryTooLong beyond 2000 characters, and TooManyOperators
    beyond 32 phrases, exclusions, hosts, kinds and types together."""
    if len(typed) > LONGEST_QUERY:
        raise QueryTooLong(limit=LONGEST_QUERY)
    parts = _Parts()
    for sign, operator, quoted, bare in _TOKEN.findall(_plain(typed)):
        if bare:
            _read_bare(parts, bare.replace('"', " ").split())
        else:
            _read(parts, sign, operator, " ".join(quoted.split()), is_phrase=True)
    lists = (parts.phrases, parts.without, parts.hosts, parts.not_hosts, parts.kinds, parts.file_types)
    if sum(map(len, lists)) > MOST_OPERATORS:
        raise TooManyOperators(limit=MOST_OPERATORS)
    return IndexQuery(
        words=" ".join(parts.words),
        phrases=_distinct(parts.phrases),
        without=_distinct(parts.without),
        hosts=_distinct(parts.hosts),
        not_hosts=_distinct(parts.not_hosts),
        lang=parts.lang,
        since_s=parts.since_s,
        until_s=parts.until_s,
        kinds=_distinct(parts.kinds),
        file_types=_distinct(parts.file_types),
    )


def render(asked: IndexQuery) -> str:
    """The one way to type `asked`; `parse` reads it back as it was, but for most_adult.

    For links that add or take away an operator: render(msgspec.structs.replace(asked, …)).
    """
    return " ".join(
        [
            *([asked.words] if asked.words else []),
            *(f'"{phrase}"' for phrase in asked.phrases),
            *(f"-{words}" if _is_plain(words) else f'-"{words}"' for words in asked.without),
            *(f"site:{host}" for host in asked.hosts),
            *(f"-site:{host}" for host in asked.not_hosts),
            *([f"lang:{asked.lang}"] if asked.lang else []),
            *([f"after:{_day_of(asked.since_s)}"] if asked.since_s is not None else []),
            *([f"before:{_day_of(asked.until_s)}"] if asked.until_s is not None else []),
            *(f"kind:{kind}" for kind in asked.kinds),
            *(f"filetype:{file_type}" for file_type in asked.file_types),
        ]
    )


def _is_plain(words: str) -> bool:
    """Whether no quotation marks are needed to exclude these words."""
    return parse(f"-{words}") == IndexQuery(without=(words,))


def _plain(typed: str) -> str:
    """NFC, one kind of quotation mark, no invisible mark that turns or joins text, no control."""
    text = unicodedata.normalize("NFC", typed.encode("utf-8", "ignore").decode()).translate(_QUOTES)
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf" and character not in "\u200c\u200d":  # those two are letters' neighbours
        return ""
    return " " if category == "Cc" else character


def _read_bare(parts: _Parts, pieces: list[str]) -> None:
    for piece in pieces:
        found = _SIGNED.fullmatch(piece)
        if found is None:
            parts.words.append(piece)
        else:
            _read(parts, found[1], found[2] or "", found[3], is_phrase=False)


def _read(parts: _Parts, sign: str, operator: str, value: str, *, is_phrase: bool) -> None:
    reader = _READERS.get(operator.casefold())
    if reader and reader(parts, value, sign == "-"):
        return
    text = f"{operator}:{value}" if operator and not is_phrase else value
    if is_phrase and operator:
        parts.words.append(operator)
    if is_phrase:
        target = parts.without if sign == "-" else parts.phrases
        if _WORD.search(value):
            target.append(value)
    elif sign == "-" and text[0] != "-":
        # `--amend` is what programs are told, and no exclusion.
        if _WORD.search(text):
            parts.without.append(text)
    else:
        parts.words.append(text if sign == "+" and _WORD.match(text) else f"{sign}{text}")


def _read_host(parts: _Parts, value: str, without: bool) -> bool:
    host = value.lower().partition("://")[2] or value.lower()
    host = host.partition("/")[0].removeprefix("*").strip(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return False
    if not _HOST.fullmatch(host):
        return False
    (parts.not_hosts if without else parts.hosts).append(host)
    return True


def _read_lang(parts: _Parts, value: str, without: bool) -> bool:
    primary = value.lower().partition("-")[0]
    if without or not _LANG.fullmatch(primary):
        return False
    parts.lang = primary
    return True


def _read_after(parts: _Parts, value: str, without: bool) -> bool:
    moment = _moment(value)
    if without or moment is None:
        return False
    parts.since_s = moment
    return True


def _read_before(parts: _Parts, value: str, without: bool) -> bool:
    moment = _moment(value)
    if without or moment is None:
        return False
    parts.until_s = moment
    return True


def _read_kind(parts: _Parts, value: str, without: bool) -> bool:
    kind = KINDS.get(value.casefold())
    if without or kind is None:
        return False
    parts.kinds.append(kind)
    return True


def _read_file_type(parts: _Parts, value: str, without: bool) -> bool:
    file_type = value.lower().lstrip(".")
    if without or not _FILE_TYPE.fullmatch(file_type):
        return False
    parts.file_types.append(file_type)
    return True


def _read_type(parts: _Parts, value: str, without: bool) -> bool:
    return _read_kind(parts, value, without) or _read_file_type(parts, value, without)


_Reader = Callable[[_Parts, str, bool], bool]
"""Reads an operator's value into the parts; whether it could."""

_READERS: dict[str, _Reader] = {
    "site": _read_host,
    **dict.fromkeys(("lang", "langue"), _read_lang),
    **dict.fromkeys(("after", "après", "apres"), _read_after),
    **dict.fromkeys(("before", "avant"), _read_before),
    **dict.fromkeys(("filetype", "ext"), _read_file_type),
    "type": _read_type,
    "kind": _read_kind,
}


def _moment(value: str) -> float | None:
    """When the year, month or day begins, in UTC seconds."""
    found = _DATE.fullmatch(value)
    if found is None:
        return None
    year, month, day = (int(part or 1) for part in found.groups())
    try:
        return (datetime(year, month, day, tzinfo=UTC) - _EPOCH).total_seconds()
    except ValueError:
        return None


def _day_of(moment_s: float) -> str:
    return (_EPOCH + timedelta(seconds=moment_s)).strftime("%Y-%m-%d").zfill(10)


def _distinct(found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
