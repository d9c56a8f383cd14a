"""What web search refuses."""

from synfonium.common.problem import Problem
from synfonium.kernel.i18n import _


class QueryTooLong(Problem):
    """More was typed than a query can hold."""

    status, code = 400, "search.query_too_long"
    title = _("This is too long for a search.")
    remedy = _("Search for a few words: up to {limit} characters are read.")


class TooManyOperators(Problem):
    """More phrases, exclusions and operators were typed than a query can hold."""

    status, code = 400, "search.too_many_operators"
    title = _("This narrows the search in too many ways.")
    remedy = _("Use up to {limit} phrases, exclusions and operators.")


class UnknownVertical(Problem):
    status, code = 404, "search.unknown_vertical"
    title = _("This kind of search does not exist here.")
    remedy = _("Search the web instead.")


class UnknownEngine(Problem):
    status, code = 404, "search.unknown_engine"
    title = _("This engine is not switched on here.")
    remedy = _("The settings say which ones are.")


class NotAWebAddress(Problem):
    """A seed is no http or https address."""

    status, code = 422, "search.not_a_web_address"
    title = _("This is not the address of a web page: {address}")
    remedy = _("An address begins with http:// or https://.")


class UnknownCrawl(Problem):
    status, code = 404, "search.unknown_crawl"
    title = _("There is no such crawl.")
    remedy = _("It may have ended.")


class NotReadable(Problem):
    """A file to import cannot be opened or is of no known kind."""

    status, code = 422, "search.not_readable"
    title = _("This file cannot be read: {name}")
    remedy = _("Give a .jsonl, .warc or .warc.gz file that exists and is not damaged.")


class BadShortcuts(Problem):
    """The operator's file of shortcuts does not read, or a line leads where none may."""

    status, code = 500, "search.bad_shortcuts"
    title = _("The file of shortcuts is not right: {trigger}")
    remedy = _("A shortcut has a name and an https address on one host, with a place for the query.")
