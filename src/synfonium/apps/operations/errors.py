"""What operations refuses."""

from synfonium.common.problem import Problem
from synfonium.kernel.i18n import _


class AlreadyRunning(Problem):
    status, code = 409, "operations.already_running"
    title = _("A backup is being made or tried right now.")
    remedy = _("Wait until it has ended.")


class NowhereToGo(Problem):
    status, code = 409, "operations.nowhere_to_go"
    title = _("Nobody said where backups go.")
    remedy = _("Set backup_to in the part [operations] of synfonium.toml, and restart.")


class BackupInside(Problem):
    status, code = 422, "operations.backup_inside"
    title = _("A backup inside of what it backs up is none.")
    remedy = _("Choose a folder outside of this home, best on another machine.")


class WrongKey(Problem):
    status, code = 403, "operations.wrong_key"
    title = _("This recovery key does not open these backups.")
    remedy = _("The key was shown when the first backup of that home was made.")


class KeyNeeded(Problem):
    status, code = 401, "operations.key_needed"
    title = _("The recovery key is needed.")
    remedy = _("Give it when asked, in a file with --key-file, or on standard input.")


class NoBackupThere(Problem):
    status, code = 404, "operations.no_backup_there"
    title = _("There is no such backup at this place.")
    remedy = _("synfonium restore DIR --list shows those there are.")


class StrangePlace(Problem):
    status, code = 409, "operations.strange_place"
    title = _("This place holds other things than backups.")
    remedy = _("Choose an empty or a new folder.")


class BackupDamaged(Problem):
    status, code = 500, "operations.backup_damaged"
    title = _("These backups are damaged: {detail}")
    remedy = _("Nothing was changed by us. Take an earlier one, or another copy of the place.")


class NoRoom(Problem):
    status, code = 507, "operations.no_room"
    title = _("There is no room left: {detail}")
    remedy = _("Nothing was lost. Free some space and try again; it goes on where it was.")


class ProgramMissing(Problem):
    status, code = 501, "operations.program_missing"
    title = _("A program is missing: {detail}")
    remedy = _("Install it and try again.")


class PlaceAway(Problem):
    status, code = 503, "operations.place_away"
    title = _("The place of the backups cannot be reached: {detail}")
    remedy = _("Nothing was lost. Try again when it answers.")


class BucketAway(Problem):
    status, code = 503, "operations.bucket_away"
    title = _("The bucket of people's files cannot be read: {detail}")
    remedy = _("Nothing was lost. Try again when it answers; it goes on where it was.")


class BlobsLacking(Problem):
    status, code = 500, "operations.blobs_lacking"
    title = _("{count} files are missing in the bucket or damaged there; the backup was kept without them.")
    remedy = _("Bring them back from an earlier version of the bucket or an earlier backup.")


class BackupFailed(Problem):
    status, code = 500, "operations.backup_failed"
    title = _("It did not work: {detail}")
    remedy = _("Nothing was lost, and nothing half stands where it could be taken for whole.")


class Unreadable(Problem):
    status, code = 500, "operations.unreadable"
    title = _("{count} files could not be read, the first is {first}.")
    remedy = _("The backup was kept without them; mend them and make it again.")


class HomeNotEmpty(Problem):
    status, code = 409, "operations.home_not_empty"
    title = _("There is an installation in this home already.")
    remedy = _("Restore into an empty one (--home), or say --replace: what is there is put aside.")


class HomeInUse(Problem):
    status, code = 409, "operations.home_in_use"
    title = _("A server is using this home.")
    remedy = _("Stop it first.")


class DatabaseNeeded(Problem):
    status, code = 409, "operations.database_needed"
    title = _("This backup holds tables of PostgreSQL.")
    remedy = _("Say with --database postgresql://… into which empty database they go.")


class DatabaseNotEmpty(Problem):
    status, code = 409, "operations.database_not_empty"
    title = _("There are tables of an installation in this database already.")
    remedy = _("Name an empty one, or say --replace to take them away.")


class NewerBackup(Problem):
    status, code = 409, "operations.newer_backup"
    title = _("This backup is of a newer Synfonium ({version}).")
    remedy = _("Restore it with that version or a later one.")


class NotTheSame(Problem):
    """A restored home is not what was backed up."""

    status, code = 500, "operations.not_the_same"
    title = _("What was restored is not what was backed up: {detail}")
    remedy = _("The home stays marked as half. Restore another backup into it.")
