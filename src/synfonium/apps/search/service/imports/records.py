"""What the readers of files give: pages to parse, pages already read, and what was left out."""

from enum import Enum
from typing import NamedTuple

from synfonium.apps.search.model import ParseJob, ReadPage
from synfonium.ports.index import IndexDocument


class Left(Enum):
    """Why a record is no page: it is damaged, or it is none that we may or want to index."""

    BROKEN = 1
    SKIPPED = 2


class Archived(NamedTuple):
    """A page of an archive, and the X-Robots-Tag that it came with, in lower case."""

    job: ParseJob
    robots_tag: str = ""


Record = Archived | ReadPage | IndexDocument | Left
