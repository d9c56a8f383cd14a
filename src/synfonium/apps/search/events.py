"""What web search hears."""

from synfonium.common.event import Event
from synfonium.kernel.context import Context


async def on_crawl_wanted(context: Context, event: Event) -> None:
    """Starts a crawl that was asked for on a page; nothing happens when it runs already."""
    context.service.crawls.start(str(event.data["crawl_id"]))
