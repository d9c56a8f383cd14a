"""Home (being built)."""

from synfonium.kernel.app import App
from synfonium.kernel.i18n import _

app = App(name="shell", title=_("Home"))
