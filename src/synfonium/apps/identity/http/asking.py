"""The pages on the way between a site's request and its answer: what a person sees of it."""

from urllib.parse import urlencode

from synfonium.apps.identity.service.oauth.provider import AskConsent, AskSignIn
from synfonium.kernel.doors import Page, See
from synfonium.kernel.i18n import LOCALES


def signing_in(answer: AskSignIn, *, keeps_window: bool) -> See:
    """To the page to sign in, and from there on with the request. keeps_window: the page that
    opened this window waits for it (App.popups)."""
    kept = {"window": "kept"} if keeps_window else {}
    here = f"/oauth/continue?{urlencode({'request': answer.sealed, **kept})}"
    return See(f"/signin?{urlencode({'next': here, **_language(answer.locales), **kept})}")


def _language(wished: str) -> dict[str, str]:
    """The first of `ui_locales` that is spoken here (Core 1.0, 3.1.2.1)."""
    spoken = [tag.partition("-")[0].lower() for tag in wished.split()]
    return {"ui": found} if (found := next((tag for tag in spoken if tag in LOCALES), "")) else {}


def going(url: str) -> Page:
    """A redirect to another site at the end of a form's journey is refused by the page's own
    `form-action 'self'`: a page of ours sends the browser on instead."""
    return Page("identity/back.html", url=url)


def asking(answer: AskConsent, action: str) -> Page | See:
    """The page that asks a person to agree, or where they decide by doing."""
    if answer.page:
        return See(f"{answer.page}?{urlencode({'request': answer.sealed})}")
    return Page(
        "identity/consent.html",
        action=action,
        sealed=answer.sealed,
        client=answer.client,
        scopes=answer.scopes,
        details=answer.details,
        user_code=f"{code[:4]}-{code[4:]}" if (code := answer.user_code) else "",
        site=answer.site,
    )
