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


class NoSuchPicture(Problem):
    """The address of a picture was not signed by a page of results of ours."""

    status, code = 404, "search.no_such_picture"
    title = _("There is no such picture here.")
    remedy = _("Pictures are shown from pages of results alone.")


class NotAWebAddress(Problem):
    """A seed is no http or https address."""

    status, code = 422, "search.not_a_web_address"
    title = _("This is not the address of a web page: {address}")
    remedy = _("An address begins with http:// or https://.")


class NothingToRead(Problem):
    status, code = 422, "search.nothing_to_read"
    title = _("There is no address to begin at.")
    remedy = _("Give one, or a scope with sites in it.")


class UnknownCrawl(Problem):
    status, code = 404, "search.unknown_crawl"
    title = _("There is no such crawl.")
    remedy = _("It may have ended.")


class NotReadable(Problem):
    """A file to import cannot be opened or is of no known kind."""

    status, code = 422, "search.not_readable"
    title = _("This file cannot be read: {name}")
    remedy = _("Give a .jsonl, .warc, .wet, .parquet or .ciff file that is not damaged, or a folder.")


class NeedsBulk(Problem):
    """Parquet is read by an optional package."""

    status, code = 422, "search.needs_bulk"
    title = _("Parquet files cannot be read here yet.")
    remedy = _("Install the optional part: synfonium[bulk].")


class BadShortcuts(Problem):
    """The operator's file of shortcuts does not read, or a line leads where none may."""

    status, code = 500, "search.bad_shortcuts"
    title = _("The file of shortcuts is not right: {trigger}")
    remedy = _("A shortcut has a name and an https address on one host, with a place for the query.")


class NothingShared(Problem):
    status, code = 404, "search.nothing_shared"
    title = _("This installation publishes no part of its index.")
    remedy = _("An operator may name hosts to share in the settings: share_hosts.")


class NoBundleHere(Problem):
    status, code = 404, "search.no_bundle"
    title = _("There is no such bundle.")
    remedy = _("The list of bundles says which there are.")


class NoPeer(Problem):
    status, code = 404, "search.no_peer"
    title = _("This installation is not followed here.")
    remedy = _("The page of other installations shows those that are.")


class PeerKnown(Problem):
    status, code = 409, "search.peer_known"
    title = _("This installation is followed already.")
    remedy = _("Remove it first to follow it anew.")


class PeerRefused(Problem):
    """What another installation gives is not to be believed; `reason` says why, in one word."""

    status, code = 422, "search.peer_refused"
    title = _("Nothing was taken from this installation ({reason}).")
    remedy = _("Compare the fingerprint of its key with the people who run it; nothing here was changed.")


class PartMissing(Problem):
    """An optional package that this file needs is not installed."""

    status, code = 501, "search.part_missing"
    title = _("This installation cannot read such files: {part} is missing.")
    remedy = _("Install the optional packages of the group bulk.")


class UnknownScope(Problem):
    status, code = 404, "search.unknown_scope"
    title = _("There is no such scope: {name}")
    remedy = _("Its name stands on the page of the pages to find.")


class BadScope(Problem):
    """line: which of its lines is neither a host nor an address; 0 for its name or languages."""

    status, code = 422, "search.bad_scope"
    title = _("This scope cannot be kept: line {line} is wrong.")
    remedy = _("Each line is a host or an address; line 0 means its name or its languages, such as fr en.")


class NoSuchRequest(Problem):
    """A request that was never made, is over, or cannot be answered in this way any more."""

    status, code = 404, "search.no_such_request"
    title = _("There is no such request.")
    remedy = _("It may have been decided in the meantime. Look at its page again.")


class NotShown(Problem):
    """The site does not show that whoever asks controls it."""

    status, code = 409, "search.not_shown"
    title = _("The site does not show it yet.")
    remedy = _("Put the file or the mark there, and look again.")


class TooManyRequests(Problem):
    """So many requests wait that no more are taken."""

    status, code = 503, "search.too_many_requests"
    title = _("So many requests are waiting that no more are taken.")
    remedy = _("Write to the people who run this installation.")


class NoSuchToken(Problem):
    status, code = 404, "search.no_such_token"
    title = _("There is no such token.")
    remedy = _("It may have ended, or been taken back.")


class TooManyTokens(Problem):
    status, code = 409, "search.too_many_tokens"
    title = _("There are too many tokens.")
    remedy = _("Take back those that nobody uses.")


class NotOblivious(Problem):
    """The body is not said to be a sealed question."""

    status, code = 415, "search.not_oblivious"
    title = _("This address takes sealed questions only (RFC 9458).")
    remedy = _("Send them as message/ohttp-req.")


class NoSuchGateway(Problem):
    """The relay does not pass on to this gateway."""

    status, code = 404, "search.no_such_gateway"
    title = _("Nothing is relayed to there.")
    remedy = _("The operator of this relay names the gateways in relay_to.")


class NotAnswered(Problem):
    """A question through a relay got no answer that could be read."""

    status, code = 502, "search.not_answered"
    title = _("No answer came by this relay.")
    remedy = _("Look at its address, or try again later.")
