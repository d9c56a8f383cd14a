"""What PCs refuse, and what one can do then."""

from synfonium.common.problem import Conflict, Forbidden, NotFound, Problem
from synfonium.kernel.i18n import _


class NoSuchMachine(NotFound):
    """No PC of that id that the actor may see."""

    code = "pc.not_found"
    title = _("There is no such PC here.")
    remedy = _("It may have been deleted.")


class NotGiven(NotFound):
    """No right of the actor's to the app has that id, or it is over."""

    code = "pc.not_given"
    title = _("This was not given to the PC, or it was taken back.")
    remedy = _("Open it again from where it lies.")


class NoSuchImage(NotFound):
    code = "pc.no_such_image"
    title = _("There is no image called {name}.")
    remedy = _("See which there are with: synfonium pc image list")


class ImageNotBuilt(Conflict):
    """The recipe exists and nobody has built it yet."""

    code = "pc.image_not_built"
    title = _("The image {name} has not been built yet.")
    remedy = _("An administrator builds it with: synfonium pc image build {name}")


class ImageBuildFailed(Problem):
    status, code = 500, "pc.image_build_failed"
    title = _("The image could not be built: {reason}.")
    remedy = _("Nothing was left behind. Look at the network and at the room on the disk, then try again.")


class ProgramMissing(Problem):
    """This computer lacks Debian packages that PCs need."""

    status, code = 503, "pc.program_missing"
    title = _("This computer lacks a program that PCs need.")
    remedy = _("An administrator installs it with: apt-get install {packages}")


class DidNotStart(Problem):
    status, code = 503, "pc.did_not_start"
    title = _("The PC did not start.")
    remedy = _("Your files in it are safe. Try again; if it lasts, tell an administrator: {reason}")


class NotRunning(Conflict):
    code = "pc.not_running"
    title = _("This PC is switched off.")
    remedy = _("Switch it on first.")


class TicketRefused(Forbidden):
    """A ticket that is unknown, used, expired, or another session's."""

    code = "pc.ticket_refused"
    title = _("This ticket opens no screen.")
    remedy = _("A ticket serves once and for a few seconds. Open the screen again.")


class NameTaken(Conflict):
    code = "pc.name_taken"
    title = _("You have a PC of that name already.")
    remedy = _("Choose another name.")


class TooManyMachines(Conflict):
    code = "pc.too_many"
    title = _("You have as many PCs as this installation allows.")
    remedy = _("Delete one first, or ask an administrator.")
