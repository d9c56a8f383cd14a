"""The fabric: which app may reach which object, and one search over a person's own things."""

from synfonium.apps.fabric.model.facts import emitted_types
from synfonium.kernel.app import App, Command, Mount, Place, Subscription
from synfonium.kernel.i18n import _

_HERE = "synfonium.apps.fabric"

app = App(
    name="fabric",
    title=_("Who may see what"),
    role="web",
    service=f"{_HERE}.service:open_service",
    doors=f"{_HERE}.http.doors:doors",
    mounts=(
        Mount("/fabric/mcp", f"{_HERE}.http.mcp:asgi_app"),
        Mount("/fabric/files", f"{_HERE}.webdav:asgi_app"),
    ),
    migrations=True,
    popups=("/fabric/pick", "/fabric/open", "/fabric/share"),
    cross_origin=(
        "/.well-known/oauth-protected-resource",
        "/fabric/actions",
        "/fabric/check",
        "/fabric/events",
        "/fabric/grants",
        "/fabric/index",
        "/fabric/mcp",
        "/fabric/objects",
        "/fabric/search",
    ),
    sealed_columns={"fabric_app.webhook_sealed": "fabric.app.{name}"},
    personal=f"{_HERE}.service.personal:part",
    places=(
        Place(group="settings", path="/fabric/apps", title=_("Added apps"), order=82),
        Place(
            group="administration",
            part=_("Services"),
            path="/admin/fabric-apps",
            title=_("Added apps"),
            order=32,
        ),
    ),
    cli=f"{_HERE}.cli:add_commands",
    config=f"{_HERE}.config:FabricConfig",
    scopes={"fabric.app": _("Do what your apps offer, in your name")},
    commands=(
        Command(name="grant_secret", handler=f"{_HERE}.commands:grant_secret"),
        Command(name="grants_end", handler=f"{_HERE}.commands:grants_end"),
        Command(name="grant_aim", handler=f"{_HERE}.commands:grant_aim"),
        Command(name="grant_use", handler=f"{_HERE}.commands:grant_use"),
        Command(name="grants_for", handler=f"{_HERE}.commands:grants_for"),
        Command(name="app_install", handler=f"{_HERE}.commands:app_install"),
        Command(name="app_list", handler=f"{_HERE}.commands:app_list"),
        Command(name="app_secret", handler=f"{_HERE}.commands:app_secret"),
        Command(name="app_remove", handler=f"{_HERE}.commands:app_remove"),
        Command(name="app_given", handler=f"{_HERE}.commands:app_given"),
        Command(name="app_shown", handler=f"{_HERE}.commands:app_shown"),
        Command(name="app_grant_secret", handler=f"{_HERE}.commands:app_grant_secret"),
        Command(name="forget_person", handler=f"{_HERE}.events:forget_person", role="worker"),
        Command(name="index", handler=f"{_HERE}.commands:index"),
        Command(name="index_apply", handler=f"{_HERE}.events:index_apply", role="worker"),
        Command(name="index_state", handler=f"{_HERE}.events:index_state", role="worker"),
        Command(name="uses_add", handler=f"{_HERE}.commands:uses_add"),
        Command(name="search", handler=f"{_HERE}.commands:search"),
    ),
    serves_person="it carries what apps tell, and finds people's own things for them alone",
    subscriptions=(
        Subscription(
            name="fabric-journal",
            types=emitted_types(),
            of_many=f"{_HERE}.events:on_facts",
        ),
        Subscription(
            name="fabric-rules",
            types=emitted_types(),
            of_many=f"{_HERE}.jobs:on_facts",
        ),
    ),
    offers={
        "synfonium.kernel.actor:Authenticator": f"{_HERE}.service:authenticator",
        f"{_HERE}.contract.grants:Grants": f"{_HERE}.service:authority",
        f"{_HERE}.contract.objects:Objects": f"{_HERE}.service:objects",
        "synfonium.apps.identity.contract:DetailType": f"{_HERE}.service.picking:object_detail",
        "synfonium.apps.identity.contract:TokenScopes": f"{_HERE}.service.fronting:token_scopes",
        "synfonium.kernel.hearing:Hearing": f"{_HERE}.service.hearing:hearing",
        "synfonium.kernel.hosts:Hosts": f"{_HERE}.http.fronted:hosts",
        f"{_HERE}.contract.manifest:Apps": f"{_HERE}.service:apps",
    },
)
