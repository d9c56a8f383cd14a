"""What is told to people of the reasons for which something waits, or was not taken."""

from synfonium.kernel.i18n import _

_WORDS = {
    "asked": _("You have paused it."),
    "away": _("The other side does not answer. Go on when it does."),
    "slow": _("The other side is too slow to go on."),
    "broken": _("The other side answers something that cannot be understood."),
    "password": _("The other side does not take this name and password any more."),
    "address": _("This address may not be asked from here."),
    "elsewhere": _("The other side sends us to another place, and your password goes to no other place."),
    "nothing": _("Nothing that can be read is at this address."),
    "archive": _("The archive is damaged, is none, or is not in your drive any more."),
    "full": _("Your storage is full. Make room, then go on."),
    "disk": _("There is no room on this server just now."),
    "target": _("The folder that it goes into is not there any more."),
    "person": _("Your account cannot be written to just now."),
    "refused": _("the other side does not give it out"),
    "gone": _("it was there no more"),
    "name": _("its name cannot be used here"),
    "deep": _("it lies in too many folders"),
    "large": _("it is larger than a file may be here"),
    "size": _("its size is not as announced"),
    "damaged": _("it arrived damaged"),
    "changed": _("it changed while it was read"),
    "encrypted": _("it is encrypted"),
    "packed": _("it is packed in a way that is not read here"),
    "bomb": _("it unpacks to far more than it should"),
    "link": _("it is only a link to something else"),
    "kind": _("it is no file"),
    "many": _("there is more than can be listed"),
    "locked": _("somebody was writing to it here"),
}


def said(why: str) -> str:
    """English gettext source."""
    return _WORDS.get(why, _WORDS["broken"])
