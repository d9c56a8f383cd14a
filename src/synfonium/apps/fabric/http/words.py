"""What the fabric's pages share: texts of manifests, icons, forms."""

from typing import Annotated, TypeVar

from litestar.enums import RequestEncodingType
from litestar.params import Body

from synfonium.apps.fabric.contract import DESKTOP, FILE, FOLDER, Object, RegisteredApp, in_language
from synfonium.common.problem import Forbidden
from synfonium.kernel.actor import Person
from synfonium.kernel.context import Context
from synfonium.kernel.doors import AnyRequest

T = TypeVar("T")
Form = Annotated[T, Body(media_type=RequestEncodingType.URL_ENCODED)]

_BY_FAMILY = {"image": "image", "audio": "file-audio", "video": "file-video", "text": "file-text"}


def needs_session(actor: Person) -> None:
    """A person decides in their own browser, never a token of theirs. Raises Forbidden."""
    if not actor.by_session:
        raise Forbidden


def name_of(app: RegisteredApp, context: Context, request: AnyRequest) -> str:
    """What an app is called, in the reader's language."""
    assert context.pages is not None
    locale = context.pages.reader(request.scope).locale
    return in_language(app.manifest.name, locale)[:60]


def icon_of(shown: Object) -> str:
    """The icon of the kit that stands for a thing."""
    if FOLDER in shown.interfaces:
        return "folder"
    if DESKTOP in shown.interfaces:
        return "monitor"
    if FILE not in shown.interfaces:
        return "layout-grid"
    return _BY_FAMILY.get(shown.media_type.partition("/")[0], "file")
