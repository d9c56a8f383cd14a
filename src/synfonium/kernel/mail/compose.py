"""Makes a message out of a letter: text and HTML from one template (RFC 5322, 2045, 6532)."""

import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from synfonium.kernel.app import App
from synfonium.kernel.i18n import DEFAULT_LOCALE, LOCALES, Languages, in_templates
from synfonium.kernel.mail.queue import Queued
from synfonium.kernel.mail.topics import TOPICS, Stop, stop_path
from synfonium.kernel.site import Site
from synfonium.ports.mailer import Outgoing
from synfonium.ports.secrets import SecretBox

__all__ = ["Composer"]

LARGEST_BYTES = 256 * 1024
LONGEST_VALUE = 2000
LONGEST_SUBJECT = 200
_NOT_WRITTEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+"
)
# What mail programs turn into a link: a colon, dot or slash inside a word. U+2060 keeps them from it.
_LINKABLE = re.compile(r"(?<=\w)[.:@](?=[\w/])")


class Composer:
    """Renders letters of all apps. Thread-safe; templates are compiled once."""

    def __init__(
        self,
        apps: Sequence[App],
        *,
        site: Site,
        name: str,
        sender: str,
        secrets: SecretBox,
        language: str = DEFAULT_LOCALE,
    ) -> None:
        folders = {app.name: Path(str(files(app.package))) for app in apps}
        kernel = Path(__file__).parent.parent
        loaders: dict[str, jinja2.BaseLoader] = {
            app: jinja2.FileSystemLoader(folder / "templates") for app, folder in folders.items()
        }
        loaders["kernel"] = jinja2.FileSystemLoader(kernel / "templates")
        self._loader = jinja2.PrefixLoader(loaders)
        self._languages = Languages({name: f / "locale" for name, f in {"kernel": kernel, **folders}.items()})
        self._site, self._name, self._sender, self._secrets = site, name, sender, secrets
        self._language = language
        self._environments: dict[tuple[str, bool], jinja2.Environment] = {}

    def __call__(self, queued: Queued) -> Outgoing:
        """The message. Raises ValueError for a value that may not stand in it, or one too large."""
        letter = queued.letter
        assert letter is not None
        locale = letter.locale if letter.locale in LOCALES else self._language
        stop_url = ""
        if letter.topic:
            stop = Stop(letter.about, letter.topic)
            stop_url = self._site.public_url + stop_path(self._secrets, stop)
        values = {**_harmless(letter.values, self._site.public_url), "stop_url": stop_url}
        subject, text, html = self.render(letter.template, locale, values, topic=letter.topic)
        message_id = f"<{queued.id}@{self._site.host}>"
        message = _message(subject, text, html, boundary=f"=_{queued.id}")
        message["From"] = Address(display_name=_one_line(self._name), addr_spec=self._sender)
        message["To"] = _address(letter.to)
        message["Message-ID"] = message_id
        message["Date"] = formatdate(queued.added_s)
        message["Content-Language"] = locale
        # RFC 3834: so that no holiday notice answers.
        message["Auto-Submitted"] = "auto-generated"
        if stop_url:
            message["List-Unsubscribe"] = f"<{stop_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        content = message.as_bytes(policy=SMTP.clone(utf8=not letter.to.isascii()))
        if len(content) > LARGEST_BYTES:
            raise ValueError("a message of more than 256 KiB")
        return Outgoing(message_id=message_id, sender=self._sender, recipient=letter.to, content=content)

    def render(
        self, template: str, locale: str, values: dict[str, Any], *, topic: str = ""
    ) -> tuple[str, str, str]:
        """Subject, text and HTML."""
        words = self._languages[locale].gettext(TOPICS.get(topic, "")) if topic else ""
        values = {**values, "topic": words, "here": template.partition("/")[0]}
        text = self._part(template, locale, values, is_html=False)
        html = self._part(template, locale, values, is_html=True)
        subject = self._environment(locale, is_html=False).get_template(template + ".html")
        context = subject.new_context({**values, "frame": "kernel/mail/text.html"})
        told = _one_line("".join(subject.blocks["subject"](context)))
        return told[:LONGEST_SUBJECT], _tidy(text), html

    def _part(self, template: str, locale: str, values: dict[str, Any], *, is_html: bool) -> str:
        environment = self._environment(locale, is_html=is_html)
        kind = "html" if is_html else "text"
        helpers = environment.get_template(f"kernel/mail/{kind}_parts.html").module
        frame = f"kernel/mail/{kind}.html"
        return environment.get_template(template + ".html").render(
            {"frame": frame, "mail": helpers, "stop_url": "", **values}
        )

    def _environment(self, locale: str, *, is_html: bool) -> jinja2.Environment:
        key = (locale, is_html)
        if key not in self._environments:
            self._environments[key] = self._make_environment(locale, is_html=is_html)
        return self._environments[key]

    def _make_environment(self, locale: str, *, is_html: bool) -> jinja2.Environment:
        from synfonium.kernel.pages import Formats

        environment = jinja2.Environment(
            loader=self._loader,
            autoescape=is_html,
            undefined=jinja2.StrictUndefined,
            extensions=["jinja2.ext.i18n"],
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.install_gettext_callables(  # type: ignore[attr-defined]
            *in_templates(self._languages, locale), newstyle=True
        )
        environment.policies["ext.i18n.trimmed"] = True
        formats = Formats(locale, self._languages[locale])
        environment.globals.update(
            site_name=_one_line(self._name),
            public_url=self._site.public_url,
            locale=locale,
            format_date=formats.date,
            format_bytes=formats.bytes,
            format_number=formats.number,
        )
        return environment


def _message(subject: str, text: str, html: str, *, boundary: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    message.set_boundary(boundary)
    return message


def _address(address: str) -> Address:
    # The library's parser knows no Unicode local part; given apart, it is taken as it is.
    local, _at, domain = address.rpartition("@")
    return Address(addr_spec=address) if address.isascii() else Address(username=local, domain=domain)


def _one_line(text: str) -> str:
    return " ".join(_NOT_WRITTEN.sub(" ", text).split())


def _tidy(text: str) -> str:
    """Plain text whose paragraphs stand one empty line apart."""
    lines = [line.strip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _harmless(values: Any, public_url: str, key: str = "") -> Any:
    """Values as they may stand in a letter. Raises ValueError for a link that leads elsewhere."""
    if isinstance(values, dict):
        return {name: _harmless(value, public_url, name) for name, value in values.items()}
    if isinstance(values, list):
        return [_harmless(value, public_url, key) for value in values]
    if not isinstance(values, str):
        return values
    if key == "url" or key.endswith("_url"):
        if not values.startswith(f"{public_url}/") or not values.isascii() or re.search(r"[\s<>\"]", values):
            raise ValueError("a letter leads to this installation only")
        return values
    return _LINKABLE.sub("\\g<0>\u2060", _one_line(values)[:LONGEST_VALUE])
