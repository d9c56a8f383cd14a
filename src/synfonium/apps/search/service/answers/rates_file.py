"""Reference rates of the European Central Bank, as it publishes them.

`eurofxref-daily.xml`, `eurofxref-hist.xml` and `eurofxref-hist-90d.xml`: `Cube` elements with
`time`, and in them `currency` and `rate`. `eurofxref.zip` and `eurofxref-hist.zip`: one CSV with a
column a currency.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from xml.etree import ElementTree

from synfonium.apps.search.errors import NotReadable
from synfonium.apps.search.service.answers.asked import Rates

LARGEST_BYTES = 64 << 20
_SPACE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}"
_DAYS = ("%Y-%m-%d", "%d %B %Y")


def read_rates(path: Path) -> Iterator[Rates]:
    """Each day of the file. Raises NotReadable when it is not one of the above."""
    found = False
    try:
        for rates in _of_zip(path) if path.suffix == ".zip" else _of_xml(path.open("rb"), path):
            found = True
            yield rates
    except (OSError, ElementTree.ParseError, zipfile.BadZipFile, UnicodeDecodeError, csv.Error) as failure:
        raise NotReadable(name=path.name) from failure
    if not found:
        raise NotReadable(name=path.name)


def _of_xml(source: io.BufferedReader, path: Path) -> Iterator[Rates]:
    if path.stat().st_size > LARGEST_BYTES:
        raise NotReadable(name=path.name)
    with source:
        for _event, element in ElementTree.iterparse(source):
            if element.tag == f"{_SPACE}Cube" and "time" in element.attrib:
                given = {cube.get("currency", ""): cube.get("rate", "") for cube in element}
                rates = _rates(element.attrib["time"], given)
                element.clear()
                if rates:
                    yield rates


def _of_zip(path: Path) -> Iterator[Rates]:
    with zipfile.ZipFile(path) as archive:
        name = next((info for info in archive.infolist() if info.filename.endswith(".csv")), None)
        if name is None or name.file_size > LARGEST_BYTES:
            raise NotReadable(name=path.name)
        with archive.open(name) as source:
            # The declared size may lie; what is read is bounded as well.
            text = source.read(LARGEST_BYTES).decode()
    for line in csv.DictReader(io.StringIO(text), skipinitialspace=True):
        rates = _rates(line.pop("Date", "") or "", {k.strip(): v or "" for k, v in line.items() if k})
        if rates:
            yield rates


def _rates(day: str, given: dict[str, str]) -> Rates | None:
    of_euro = {code: rate for code, text in given.items() if (rate := _rate(code, text)) is not None}
    read = _day(day.strip())
    return Rates(day=read, of_euro=of_euro) if read and of_euro else None


def _rate(code: str, text: str) -> Decimal | None:
    """None for `N/A`, and for what is no currency or no rate."""
    try:
        rate = Decimal(text.strip())
    except InvalidOperation:
        return None
    is_code = len(code) == 3 and code.isascii() and code.isupper()
    return rate if is_code and rate.is_finite() and Decimal("1e-9") < rate < Decimal("1e12") else None


def _day(text: str) -> date | None:
    for form in _DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
    return None
