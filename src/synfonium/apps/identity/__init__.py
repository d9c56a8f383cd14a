"""Who people are, how they sign in, and the OpenID Provider that says so to others."""

from synfonium.kernel.app import App, Command, Mount, Place
from synfonium.kernel.i18n import _

_COMMANDS = "synfonium.apps.identity.commands"
_SERVICE = "synfonium.apps.identity.service"

app = App(
    name="identity",
    title=_("Account"),
    icon="users",
    summary=_("One account, signed in by a passkey."),
    role="web",
    service="synfonium.apps.identity.service:open_service",
    doors="synfonium.apps.identity.http.doors:doors",
    mounts=(Mount("/scim", "synfonium.apps.identity.scim:asgi_app"),),
    migrations=True,
    # On the way to a picker the window's opener waits for its answer; on no other way.
    popups=("/signin?window=kept", "/oauth?window=kept"),
    sealed_columns={
        "identity_signing_key.sealed": "identity.signing",
        "identity_totp.sealed": "identity.totp.{person}",
        "identity_outside_source.secret": "identity.outside.{id}",
        "identity_mail.sealed": "mail.identity",
    },
    personal="synfonium.apps.identity.service.personal:part",
    brings_person=True,
    config="synfonium.apps.identity.config:IdentityConfig",
    places=(
        Place(group="settings", path="/settings/security", title=_("Ways in"), order=20),
        Place(group="settings", path="/settings/privacy", title=_("Who looked"), order=26),
        Place(group="settings", path="/settings/trusted", title=_("Trusted people"), order=22),
        Place(group="settings", path="/settings/apps", title=_("Your apps"), order=80),
        Place(group="settings", path="/settings/family", title=_("Together"), order=24),
        Place(group="administration", part=_("People"), path="/admin/people", title=_("People"), order=20),
        Place(
            group="administration",
            part=_("People"),
            path="/admin/organisations",
            title=_("Organisations"),
            order=22,
        ),
        Place(
            group="administration", part=_("People"), path="/admin/sign-in", title=_("Signing in"), order=25
        ),
        Place(group="administration", part=_("People"), path="/admin/signup", title=_("Sign-up"), order=25),
        Place(group="administration", part=_("Services"), path="/admin/mail", title=_("Mail"), order=50),
        Place(group="administration", part=_("Services"), path="/admin/apps", title=_("Sites"), order=30),
    ),
    cli="synfonium.apps.identity.cli:add_commands",
    commands=(
        Command(name="first_link", handler=f"{_COMMANDS}:first_link"),
        Command(name="user_add", handler=f"{_COMMANDS}:user_add"),
        Command(name="user_list", handler=f"{_COMMANDS}:user_list"),
        Command(name="user_find", handler=f"{_COMMANDS}:user_find"),
        Command(name="user_token", handler=f"{_COMMANDS}:user_token"),
        Command(name="administrators", handler=f"{_COMMANDS}:administrators"),
        Command(name="user_link", handler=f"{_COMMANDS}:user_link"),
        Command(name="user_close", handler=f"{_COMMANDS}.leaving:close"),
        Command(name="user_reopen", handler=f"{_COMMANDS}.leaving:reopen"),
        Command(name="client_add", handler=f"{_COMMANDS}:client_add"),
        Command(name="client_change", handler=f"{_COMMANDS}.clients:change"),
        Command(name="client_secret", handler=f"{_COMMANDS}.clients:secret"),
        Command(name="client_remove", handler=f"{_COMMANDS}.clients:remove"),
        Command(name="mail_state", handler=f"{_COMMANDS}:mail_state"),
        Command(name="check", handler=f"{_COMMANDS}:check"),
        Command(name="note", handler=f"{_COMMANDS}:note"),
        Command(name="pass_use", handler=f"{_COMMANDS}:pass_use"),
        Command(name="client_list", handler=f"{_COMMANDS}:client_list"),
        Command(name="organisation_add", handler=f"{_COMMANDS}.organisations:add"),
        Command(name="organisation_list", handler=f"{_COMMANDS}.organisations:list_all"),
        Command(name="organisation_quota", handler=f"{_COMMANDS}.organisations:quota"),
        Command(name="organisation_suspend", handler=f"{_COMMANDS}.organisations:suspend"),
        Command(name="organisation_resume", handler=f"{_COMMANDS}.organisations:resume"),
        Command(name="organisation_member", handler=f"{_COMMANDS}.organisations:member"),
        Command(name="organisation_group", handler=f"{_COMMANDS}.organisations:group"),
        Command(name="organisation_import", handler=f"{_COMMANDS}.organisations:import_lines"),
        Command(name="organisation_token", handler=f"{_COMMANDS}.organisations:token"),
        Command(name="outside_provider", handler=f"{_COMMANDS}.outside:provider"),
        Command(name="outside_directory", handler=f"{_COMMANDS}.outside:directory"),
        Command(name="outside_list", handler=f"{_COMMANDS}.outside:list_all"),
        Command(name="outside_check", handler=f"{_COMMANDS}.outside:check"),
        Command(name="outside_remove", handler=f"{_COMMANDS}.outside:remove"),
        Command(name="outside_link", handler=f"{_COMMANDS}.outside:link"),
        Command(name="outside_follow", handler=f"{_COMMANDS}.outside:follow"),
        Command(name="keys_rotate", handler=f"{_COMMANDS}:keys_rotate"),
    ),
    pass_acts={
        "identity.pass.look": _("looked at your devices, sites, groups and storage"),
        "identity.link.make": _("made a sign-in link to hand to you"),
    },
    offers={
        "synfonium.kernel.actor:Authenticator": "synfonium.apps.identity.service.authenticator:authenticator",
        "synfonium.kernel.actor:Passes": "synfonium.apps.identity.service.passes:passes",
        "synfonium.kernel.mail.topics:MailChoices": "synfonium.apps.identity.service.letters:choices",
        "synfonium.apps.identity.contract:Mailboxes": "synfonium.apps.identity.service.personal:mailboxes",
        "synfonium.apps.identity.contract:People": "synfonium.apps.identity.service.people:people",
        "synfonium.apps.identity.contract:Organisations": (
            "synfonium.apps.identity.service.memberships:memberships"
        ),
        "synfonium.apps.identity.contract:Approvals": f"{_SERVICE}.approving:approvals",
        "synfonium.apps.identity.contract:Codes": f"{_SERVICE}.approving:codes",
        "synfonium.apps.identity.contract:AccessTokens": f"{_SERVICE}.approving:access_tokens",
        "synfonium.apps.identity.contract:Subjects": f"{_SERVICE}.approving:subjects",
        "synfonium.apps.identity.contract:AppPasswords": f"{_SERVICE}.tokens:app_passwords",
        "synfonium.apps.identity.contract:Profile": "synfonium.apps.identity.service.people:profile",
    },
)
