"""What Drive refuses, and what one can do then."""

from synfonium.common.problem import Conflict, Forbidden, NotFound, Problem
from synfonium.kernel.i18n import _


class NoSuchNode(NotFound):
    """Nothing there that the actor may see."""

    code = "drive.not_found"
    title = _("This file or folder is not here.")
    remedy = _("It may have been moved, put in the trash or removed.")


class ParentMissing(Conflict):
    """The folder that should hold it does not exist, or is a file."""

    code = "drive.parent_missing"
    title = _("The folder that should hold this does not exist.")
    remedy = _("Make the folder first.")


class NameTaken(Conflict):
    """Something of that name is in the folder already."""

    code = "drive.name_taken"
    title = _("Something here has that name already.")
    remedy = _("Choose another name, or move the other one first.")


class NotThatKind(Conflict):
    """A file where a folder is needed, or the other way round."""

    code = "drive.not_that_kind"
    title = _("That works only with a file, or only with a folder.")


class IntoItself(Conflict):
    """A folder would end up inside itself."""

    code = "drive.into_itself"
    title = _("A folder cannot be put into itself.")
    remedy = _("Choose a folder outside it.")


class TooDeep(Problem):
    """More folders inside one another than are kept."""

    status, code = 422, "drive.too_deep"
    title = _("There are too many folders inside one another.")
    remedy = _("Put it higher up.")


class TooMany(Problem):
    """More nodes than one copy may make."""

    status, code = 422, "drive.too_many"
    title = _("There are too many files in this folder to copy them at once.")
    remedy = _("Copy its folders one by one.")


class BadName(Problem):
    """The name is not legal."""

    status, code = 422, "drive.bad_name"
    title = _("This name cannot be used.")
    remedy = "{reason}"


class WrongState(Problem):
    """A condition of the request does not hold."""

    status, code = 412, "drive.wrong_state"
    title = _("This has changed in the meantime.")
    remedy = _("Look at its present state and try again.")


class Locked(Problem):
    """Somebody holds a lock that the request did not show."""

    status, code = 423, "drive.locked"
    title = _("Somebody is writing here just now.")
    remedy = _("Wait until they have finished, or work on a copy.")


class TooManyLocks(Problem):
    """The space holds as many locks as it may."""

    status, code = 429, "drive.too_many_locks"
    title = _("Too many things are locked.")
    remedy = _("Close some files and try again.")


class QuotaExceeded(Problem):
    """The account has no room left for this."""

    status, code = 507, "drive.quota_exceeded"
    title = _("Your storage is full.")
    remedy = _("Empty the trash or remove something, then try again. Nothing was lost.")


class PoolExceeded(QuotaExceeded):
    """What the person shares with their family or organisation has no room left for this."""

    code = "drive.pool_exceeded"
    title = _("The storage that you share is full: {name}.")
    remedy = _("Ask whoever looks after it, or remove something, then try again. Nothing was lost.")


class ContentDamaged(Problem):
    """What is stored is not what was written, or is not there; nothing of it is given out."""

    status, code = 500, "drive.content_damaged"
    title = _("This file is damaged on the disk.")
    remedy = _("Bring a version from before back, or send the file again. Whoever runs this has been told.")


class Quarantined(Forbidden):
    """Something harmful was found in the content; it is given to nobody."""

    code = "drive.quarantined"
    title = _("Something harmful was found in this file.")
    remedy = _("Bring a version from before back, or remove it. If it is a false alarm, ask who runs this.")


class ScannerAway(Problem):
    """Nobody scans just now."""

    status, code = 503, "drive.scanner_away"
    title = _("The scanner for harmful content does not answer.")


class NoPreview(NotFound):
    """Nobody can make a picture of this content."""

    code = "drive.no_preview"
    title = _("There is no picture of this file.")
    remedy = _("Download it to see what is in it.")


class NoSuchVersion(NotFound):
    """The version is gone, or was never the file's."""

    code = "drive.no_such_version"
    title = _("This version is not here any more.")
    remedy = _("Old versions make room for newer ones. One that has a name stays.")


class VersionsFull(QuotaExceeded):
    """Named versions would take more than old versions may."""

    code = "drive.versions_full"
    title = _("There is no room to keep another version for good.")
    remedy = _("Take the name from an older one, or download this one.")


class ChecksumMismatch(Problem):
    """The bytes that arrived are not those that were announced."""

    status, code = 400, "drive.checksum_mismatch"
    title = _("The file arrived damaged.")
    remedy = _("Send it again. Nothing was written.")


class Cut(Problem):
    """The connection ended before the whole body had come."""

    status, code = 400, "drive.cut"
    title = _("The connection was cut before everything had arrived.")
    remedy = _("Send it again. Nothing was written.")


class NoSuchUpload(NotFound):
    """Nothing of that name is being uploaded, or it was finished, given up, or left for a day."""

    code = "drive.no_such_upload"
    title = _("This upload is not known here any more.")
    remedy = _("Send the file again.")


class BadParts(Problem):
    """The parts that came do not make the file that was announced."""

    status, code = 400, "drive.bad_parts"
    title = _("The parts that arrived do not make this file.")
    remedy = _("Send what is missing, or send the file again. Nothing was written.")


class TooManyUploads(Problem):
    """The space holds as many unfinished uploads as it may."""

    status, code = 429, "drive.too_many_uploads"
    title = _("Too many uploads are not finished.")
    remedy = _("Let some of them end first; what is left alone goes after a day.")


class NotWritable(Forbidden):
    """The actor may look and not write."""

    code = "drive.not_writable"
    title = _("You may see this, but not change it.")


class NotShareable(Forbidden):
    """The actor may not let others in here."""

    code = "drive.not_shareable"
    title = _("You may not share this.")
    remedy = _("Ask whoever shared it with you.")


class HandOverRuns(Conflict):
    """A drive is handed over once at a time."""

    code = "drive.hand_over_runs"
    title = _("This drive is being handed over already.")
    remedy = _("Wait until all of it has arrived.")


class NobodyCalled(NotFound):
    """No person, group or organisation that the actor may share with has this name."""

    code = "drive.nobody_called"
    title = _("Nobody here has that name.")
    remedy = _("Write a person’s name as they sign in with it, or a group of yours.")


class NoSuchShare(NotFound):
    """It has been taken back, or is not the actor's."""

    code = "drive.no_such_share"
    title = _("This is shared no more.")


class NoSuchGroupFolder(NotFound):
    """It is not there, or the actor does not administer its organisation."""

    code = "drive.no_such_group_folder"
    title = _("This group folder is not here.")
    remedy = _("Only who administers an organisation looks after its folders.")


class NoSuchReport(NotFound):
    """There is no such report, or it is decided."""

    code = "drive.no_such_report"
    title = _("This report is not there, or is decided already.")


class TooManyReports(Problem):
    """As many as wait at once."""

    status, code = 429, "drive.too_many_reports"
    title = _("Too many reports wait already.")
    remedy = _("The operator knows of it. Try again tomorrow.")


class LinkGone(NotFound):
    """There is no such link, or not any more: expired, used up, taken back or closed. All look alike."""

    code = "drive.link_gone"
    title = _("This link leads nowhere.")
    remedy = _("It may have been closed, have ended, or been copied in part. Ask whoever sent it to you.")


class WrongPassword(Forbidden):
    """The password of a link is another."""

    code = "drive.wrong_password"
    title = _("This is not the password of this link.")
    remedy = _("Ask whoever sent you the link.")


class TooManyTries(Problem):
    """So many passwords were tried that the link waits."""

    status, code = 429, "drive.too_many_tries"
    title = _("Too many passwords were tried.")
    remedy = _("Wait some minutes, then try again.")


class TooManyShares(Problem):
    """As many as one file or folder may have."""

    status, code = 422, "drive.too_many_shares"
    title = _("This is shared with too many already.")
    remedy = _("Share it with a group instead.")


class TopStays(Forbidden):
    """The top of a space or of what was granted cannot be moved or removed."""

    code = "drive.top_stays"
    title = _("This folder itself cannot be moved or removed.")
    remedy = _("Move or remove what is in it.")


class NoSuchKey(NotFound):
    """No key of the person's has that id."""

    code = "drive.no_such_key"
    title = _("This key is not here.")
    remedy = _("It may have been taken back already.")


class TooManyKeys(Problem):
    """The person has as many keys as are kept."""

    status, code = 422, "drive.too_many_keys"
    title = _("There are too many keys.")
    remedy = _("Take back one that is no longer used.")


class VaultStaysShut(Conflict):
    """What lies in a vault can be read by whoever has its passphrase, and by nobody else."""

    code = "drive.vault"
    title = _("This lies in a vault.")
    remedy = _("Nobody but the holders of its passphrase can read it: a link to it would show nothing.")


class SpaceLocked(Problem):
    """The space's key is wrapped by another that is withdrawn, or an operator locked it. A client that
    synchronises keeps what it has, and asks again."""

    status, code = 503, "drive.space_locked"
    title = _("This space is locked by its key.")
    remedy = _("Nothing is lost. Whoever holds the key can open it again.")
    headers = {"retry-after": "60"}


class NoSuchWrappingKey(NotFound):
    """No key of that name is set."""

    code = "drive.no_such_wrapping_key"
    title = _("There is no key of this name.")
    remedy = _("Set it as one of keys in the part [drive] of synfonium.toml.")


class NoSuchSpace(NotFound):
    """Nobody of that name has a space."""

    code = "drive.no_such_space"
    title = _("Nobody of this name has a space here.")


class NoSuchMoveIn(NotFound):
    """The job is not there, or another's."""

    code = "drive.no_such_move_in"
    title = _("This move is not here.")
    remedy = _("It may have been removed from the list.")


class TooManyMoveIns(Problem):
    """The person has as many jobs as are kept, or as may wait."""

    status, code = 422, "drive.too_many_move_ins"
    title = _("Too many moves are in the list.")
    remedy = _("Let some of them end, or remove them from the list.")


class SourceUnusable(Problem):
    """Nothing can be brought from there."""

    status, code = 422, "drive.source_unusable"
    title = _("Nothing can be brought from there yet.")
    remedy = "{reason}"
