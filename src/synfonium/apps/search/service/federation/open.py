"""The engines of others as the settings of this installation choose them."""

from synfonium.apps.search.config import SearchConfig
from synfonium.apps.search.service.federation.discovery import choose
from synfonium.apps.search.service.federation.engine import Asking, Vertical
from synfonium.apps.search.service.federation.federation import Federation
from synfonium.apps.search.service.federation.words import Outside
from synfonium.kernel import logs
from synfonium.kernel.context import Context

log = logs.get("search")
VERSION = "0.1"


class OutsideSearch:
    """federation: the engines that are on. faults: names in the settings that are no use, and
    why. is_always: whether everybody's question goes to them."""

    def __init__(self, context: Context) -> None:
        config: SearchConfig = context.config
        choice = choose(config)
        for _name, fault in choice.faults:
            log.warning("search.engine_not_usable", reason=fault)
        self.faults = choice.faults
        self.is_always = config.outside_always
        self._lang = context.settings.house.language
        self.federation = Federation(
            choice.chosen,
            user_agent=f"Synfonium/{VERSION} (+{context.site.public_url}/bot)",
            deadline_s=config.outside_deadline_ms / 1000,
            is_local_allowed=config.outside_local,
        )

    def titles(self, vertical: str) -> tuple[str, ...]:
        """Who would be asked for this kind of search."""
        return tuple(one.engine.about.title for one in self.federation.for_vertical(vertical))

    async def ask(self, query: str, lang: str, page: int, vertical: Vertical, *, wished: bool) -> Outside:
        """What others say, where the person (`wished`) or the operator wants them asked; else
        nothing, and nobody is asked. lang empty: the installation's."""
        if not (wished or self.is_always):
            return Outside()
        asking = Asking(query=query, lang=lang or self._lang, page=page, vertical=vertical)
        return await self.federation.ask(asking)

    async def test(self, name: str) -> Outside:
        """Asks one engine for a word of ours, so that an administrator sees what it says.

        Raises KeyError for one that is not on."""
        chosen = self.federation.chosen[name]
        vertical = chosen.engine.about.verticals[0]
        asking = Asking(query="Paris", lang=self._lang, vertical=vertical)
        return await self.federation.ask(asking, only=name)
