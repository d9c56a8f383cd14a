# SPDX-License-Identifier: Apache-2.0
"""The one page of Hello. It works without script; the elements make it nicer."""

from collections.abc import Sequence
from html import escape

from hello_app.settings import Settings

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self' {issuer}; connect-src 'self' {issuer};"
    " form-action 'self' {issuer}; frame-ancestors 'none'; base-uri 'none'"
)


_SIGN_IN = '<p><a href="/signin">Come in to keep notes here</a></p>'


def policy(settings: Settings) -> str:
    return POLICY.format(issuer=settings.issuer)


def home(
    settings: Settings, shown: Sequence[tuple[str, str]], notes: Sequence[str] | None = None, word: str = ""
) -> str:
    """shown: of each thing given its title, and what we have to say about it. notes: titles of the
    person's own, None while we do not know them."""
    rows = "".join(f"<li><b>{escape(title)}</b> <span>{escape(said)}</span></li>" for title, said in shown)
    kept = "".join(f"<li>{escape(title)}</li>" for title in notes or ())
    own = f"<ul id=notes>{kept or '<li>None yet.</li>'}</ul>" if notes is not None else _SIGN_IN
    issuer = escape(settings.issuer)
    ask = (
        f'issuer="{issuer}" client-id="{escape(settings.client_id)}" redirect-uri="/callback"'
        ' par-endpoint="/par" interfaces="file/1"'
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Hello</title><link rel="stylesheet" href="/hello.css">
<script type="module" src="{issuer}/static/kit/elements.js"></script>
<script type="module" src="/hello.js"></script></head><body>
<syn-bar issuer="{issuer}" name="Hello"><a href="{issuer}/">Synfonium</a></syn-bar>
<main><h1>Hello</h1>
<p role="status" id="word">{escape(word)}</p>
<p><syn-pick id="read" {ask} media-types="text/*" purpose="To count its words">
<a href="/pick">Count the words of a file</a></syn-pick></p>
<form method="post" action="/notes"><label for="text">A note</label>
<textarea id="text" name="text" required maxlength="10000"></textarea>
<button>Save it to Synfonium</button> <button formaction="/notes/keep">Keep it here</button></form>
<h2>Your notes</h2>{own}
<h2>What you gave</h2><ul id="given">{rows or "<li>Nothing yet.</li>"}</ul>
</main></body></html>"""
