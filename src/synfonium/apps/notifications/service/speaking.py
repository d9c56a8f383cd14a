"""Says notices in a reader's language."""

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from synfonium import kernel
from synfonium.apps.fabric.contract import Apps, Text
from synfonium.apps.shell.contract import Words
from synfonium.kernel.app import installed_apps
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import Languages

OWN = "notifications"
MOST_KEPT = 1000


class Speaker:
    """Knows the catalogues of all apps, and outside apps' names once it has learned them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._outside: dict[str, Text] = {}
        self._titles = {app.name: app.title for app in installed_apps()}
        folders = {app.name: Path(str(files(app.package))) / "locale" for app in installed_apps()}
        rooms = {"kernel": Path(str(files(kernel))) / "locale", **folders}
        self._languages = Languages(rooms)

    async def learn(self, names: Iterable[str]) -> None:
        """What outside apps are called now. Before `called` is asked for one."""
        apps = self._context.offer(Apps)  # type: ignore[type-abstract]
        for name in {name for name in names if name not in self._titles}:
            found = await apps.by_name(name)
            self._outside.pop(name, None)
            if found is not None:
                self._outside[name] = found.manifest.name
        while len(self._outside) > MOST_KEPT:
            self._outside.pop(next(iter(self._outside)))

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
            return text_in(self._outside.get(app, ""), locale) or app.replace("-", " ").capitalize()
        return self._languages.of(locale, app).gettext(title)

    def topic(self, locale: str, app: str, title: str, name: str) -> str:
        """What a topic is called. An outside app's title is no source of ours."""
        if not title:
            return name.replace("_", " ").capitalize()
        return self._languages.of(locale, app).gettext(title) if app in self._titles else title

    def many(self, locale: str, texts: tuple[str, str], count: int) -> str:
        """A sentence of this app with `%(count)s` in it; texts: for one, and for many."""
        return self._languages.of(locale, OWN).ngettext(*texts, count) % {"count": str(count)}


def text_in(text: Text, locale: str) -> str:
    """A manifest's text in a language, English where it has no other."""
    return text if isinstance(text, str) else text.get(locale) or text.get("en") or ""
