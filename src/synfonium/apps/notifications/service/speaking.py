"""Says notices in a reader's language."""

from importlib.resources import files
from pathlib import Path

from synfonium import kernel
from synfonium.apps.shell.contract import Words
from synfonium.kernel.app import installed_apps
from synfonium.kernel.i18n import Languages

OWN = "notifications"


class Speaker:
    """Knows the catalogues of all apps."""

    def __init__(self) -> None:
        self._titles = {app.name: app.title for app in installed_apps()}
        folders = {app.name: Path(str(files(app.package))) / "locale" for app in installed_apps()}
        rooms = {"kernel": Path(str(files(kernel))) / "locale", **folders}
        self._languages = Languages(rooms)

    def say(self, locale: str, app: str, words: Words) -> str:
        """The sentence as `app` says it; its source when a value is missing."""
        text = self._languages.of(locale, app).gettext(words.text)
        try:
            return text % words.values
        except (KeyError, ValueError, TypeError):
            return words.text

    def called(self, locale: str, app: str) -> str:
        """What an app is called; an outside one by its name."""
        title = self._titles.get(app)
        if title is None:
            return app.replace("-", " ").capitalize()
        return self._languages.of(locale, app).gettext(title)

    def topic(self, locale: str, app: str, title: str, name: str) -> str:
        """What a topic is called. An outside app's title is no source of ours."""
        if not title:
            return name.replace("_", " ").capitalize()
        return self._languages.of(locale, app).gettext(title) if app in self._titles else title

    def many(self, locale: str, texts: tuple[str, str], count: int) -> str:
        """A sentence of this app with `%(count)s` in it; texts: for one, and for many."""
        return self._languages.of(locale, OWN).ngettext(*texts, count) % {"count": str(count)}
