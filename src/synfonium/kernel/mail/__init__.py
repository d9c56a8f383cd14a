"""Letters to people, in the same commit as what they tell of.

    context.mail.add(connection, Letter(
        to="ada@example.org", template="identity/mail/verify", locale=person.locale,
        values={"url": …, "minutes": 30}, about=person.id))

`add` writes a row of `<app>_mail` in the caller's transaction; after the commit a loop of the
app's role delivers it, with growing waits while that fails for a while. Nothing is sent twice,
also not after a crash: see `post`. The app makes its table with `mail_table` and a migration.

**A template** is one file, `templates/mail/NAME.html`, and gives subject, text and HTML from one
source of words:

    {# sample: {"url": "https://cloud.example.org/verify/x", "minutes": 30} #}
    {% extends frame %}
    {% block subject %}{{ _("Is this your address?") }}{% endblock %}
    {% block body %}
    {{ mail.p(_("Somebody gave this address for an account here.")) }}
    {{ mail.button(_("Yes, it is mine"), url) }}
    {{ mail.code("123456") }}
    {{ mail.small(_("Was it not you? Then there is nothing to do.")) }}
    {% endblock %}

It is rendered twice, with `frame` and `mail` for text and for HTML. Besides `values` it has
`site_name`, `public_url`, `locale`, `format_date`, `_` and `{% trans %}`. Text and nothing else
goes into `mail.p`, `mail.small`, `mail.code`; `mail.quote(words)` sets apart what a person wrote.
The first line shows values to look at: tests keep each letter, in each language, as a golden file.

**Values** that come from people are harmless: line breaks become spaces, and nothing in them
turns into a link. A value named `url` or `…_url` must lead to this installation.

**Topics.** A letter without a topic is one that the person needs (security, an answer). One
with a `topic` is a notice that can be stopped: it carries List-Unsubscribe (RFC 8058), and is not
sent to a person who has stopped it. Declare what it is called in `TOPICS` of `topics.py`.
"""

from synfonium.kernel.mail.letter import Letter, MailQueueFull, mail_table
from synfonium.kernel.mail.queue import Mail, MailState

__all__ = ["Letter", "Mail", "MailQueueFull", "MailState", "mail_table"]
