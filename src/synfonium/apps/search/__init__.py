"""Web search with an own crawler and index, which cannot know who asks."""

from synfonium.kernel.app import App, Command, Place, Subscription
from synfonium.kernel.i18n import _

_COMMANDS = "synfonium.apps.search.commands"

app = App(
    name="search",
    title=_("Search"),
    summary=_("An index of the web of our own. Nothing about you."),
    path="/search",
    icon="search",
    order=10,
    role="worker",
    http_role="web",
    service="synfonium.apps.search.service.open:open_service",
    doors="synfonium.apps.search.http.doors:doors",
    anonymous=("/search", "/api/search", "/opensearch.xml", "/bot", "/.well-known/ohttp-gateway"),
    offers={"synfonium.kernel.limits:Tokens": "synfonium.apps.search.service.tokens:rates"},
    remade=("ohttp.keys",),
    migrations=True,
    subscriptions=(
        Subscription(
            name="search-crawl",
            types=frozenset({"search.crawl.wanted"}),
            handler="synfonium.apps.search.events:on_crawl_wanted",
        ),
    ),
    commands=(
        Command(name="add", handler=f"{_COMMANDS}:add"),
        Command(name="crawl", handler=f"{_COMMANDS}:crawl"),
        Command(name="want_crawl", handler=f"{_COMMANDS}:want_crawl"),
        Command(name="export_archive", handler=f"{_COMMANDS}:export_archive"),
        Command(name="rebuild", handler=f"{_COMMANDS}:rebuild"),
        Command(name="pause_crawl", handler=f"{_COMMANDS}:pause_crawl"),
        Command(name="resume_crawl", handler=f"{_COMMANDS}:resume_crawl"),
        Command(name="put_scope", handler=f"{_COMMANDS}:put_scope"),
        Command(name="list_scopes", handler=f"{_COMMANDS}:list_scopes"),
        Command(name="remove_scope", handler=f"{_COMMANDS}:remove_scope"),
        Command(name="graph", handler=f"{_COMMANDS}:graph"),
        Command(name="evaluate", handler=f"{_COMMANDS}:evaluate"),
        Command(name="rank", handler=f"{_COMMANDS}:rank"),
        Command(name="import_places", handler=f"{_COMMANDS}:import_places"),
        Command(name="learn", handler=f"{_COMMANDS}:learn"),
        Command(name="import_rates", handler=f"{_COMMANDS}:import_rates"),
        Command(name="import_encyclopedia", handler=f"{_COMMANDS}:import_encyclopedia"),
        Command(name="keep_preferences", handler=f"{_COMMANDS}:keep_preferences"),
        Command(name="picture", handler=f"{_COMMANDS}:picture"),
        Command(name="stop_crawl", handler=f"{_COMMANDS}:stop_crawl"),
        Command(name="request_ask", handler=f"{_COMMANDS}.duties:ask"),
        Command(name="request_prove", handler=f"{_COMMANDS}.duties:prove"),
        Command(name="request_object", handler=f"{_COMMANDS}.duties:object_to"),
        Command(name="request_decide", handler=f"{_COMMANDS}.duties:decide"),
        Command(name="request_answer", handler=f"{_COMMANDS}.duties:answer"),
        Command(name="blocks_changed", handler=f"{_COMMANDS}.duties:blocks_changed", role="web"),
        Command(name="token_issue", handler=f"{_COMMANDS}.tokens:issue"),
        Command(name="token_take_back", handler=f"{_COMMANDS}.tokens:take_back"),
        Command(name="token_list", handler=f"{_COMMANDS}.tokens:listing"),
        Command(name="prove", handler=f"{_COMMANDS}:prove", role="web"),
        Command(name="traces_here", handler=f"{_COMMANDS}:traces_here"),
        *(
            Command(name=name, handler=f"{_COMMANDS}:{name}")
            for name in ("bundle_export", "bundle_import", "peer_look", "peer_add", "peer_list", "peer_pull")
        ),
        Command(name="peer_remove", handler=f"{_COMMANDS}:peer_remove"),
        Command(name="act_search_web", handler="synfonium.apps.search.http.acts:search_web", role="web"),
    ),
    places=(
        Place(group="settings", path="/settings/search", title=_("Search"), order=50),
        Place(
            group="administration",
            part=_("Search"),
            path="/admin/search",
            title=_("Pages to find"),
            order=40,
        ),
        Place(
            group="administration",
            part=_("Search"),
            path="/admin/search/engines",
            title=_("Other engines"),
            order=41,
        ),
        Place(
            group="administration",
            part=_("Search"),
            path="/admin/search/peers",
            title=_("Other installations"),
            order=42,
        ),
        Place(
            group="administration",
            part=_("Search"),
            path="/admin/search/tokens",
            title=_("Search tokens"),
            order=43,
        ),
        Place(
            group="administration",
            part=_("Search"),
            path="/admin/search/requests",
            title=_("Requests"),
            order=44,
        ),
    ),
    cli="synfonium.apps.search.cli:add_commands",
    config="synfonium.apps.search.config:SearchConfig",
)
