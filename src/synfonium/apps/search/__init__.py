"""Search (being built)."""

from synfonium.kernel.app import App
from synfonium.kernel.i18n import _

app = App(name="search", title=_("Search"))
