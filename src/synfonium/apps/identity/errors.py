"""Refusals of identity.

Problem
├── SignInRefused        credentials that are wrong, expired or revoked
├── TooManyTries         sign-in is slowed down
├── CodeRefused          the code of the second step is wrong or was used
├── AccountSuspended     the account is there and closed
├── LinkSpent            a one-time link that was used, expired, or never was
├── ChallengeExpired     a passkey answer that came too late or twice
├── PasskeyRefused       a passkey answer that does not hold
├── SignUpClosed         nobody may sign up by themselves here
├── FormTooQuick         a form that came back too soon, too late or twice
├── NameTaken            somebody has this name
├── PersonUnknown        nobody has this name
├── LastAdministrator    nobody would be left to administer
├── LastWayIn            nothing would be left to sign in with
├── CodeUnknown          a device's code that nobody waits with
├── SourceUnknown        no outside source has this name, or it is closed
├── SourceNameTaken      an outside source has this name
├── OutsideRefused       an outside source said no, or its word does not hold
├── OutsideUnreachable   an outside source does not answer
├── NotLinked            the outside account belongs to nobody here
├── LinkedElsewhere      the outside account belongs to somebody else here
├── ClientRefused        an OpenID client that is unknown, or asks to be answered elsewhere
├── TitleTaken           an organisation or group has a name that looks the same
├── SlugTaken            an organisation has this address
├── OrganisationClosed   the organisation is suspended
├── OrganisationNotEmpty accounts of its own would be left without it
├── AlreadyMember        the person is in the organisation
├── LastOwner            nobody would be left who owns the organisation
├── NotManaged           the account is the person's own
└── TooMany              more members, groups or links than are kept
"""

from typing import ClassVar

from synfonium.common.problem import NotFound, Problem
from synfonium.kernel.i18n import _


class SignInRefused(Problem):
    """The name, password or passkey is wrong; which one is not said."""

    status, code = 403, "identity.sign_in_refused"
    title = _("This did not open the door.")
    remedy = _("Check the name and the password, or use a passkey.")


class TooManyTries(Problem):
    """Tries per account or in all are used up for now."""

    status, code = 429, "identity.too_many_tries"
    title = _("Too many tries.")
    remedy = _("Wait a few minutes, or use a passkey: it works all the time.")
    headers: ClassVar[dict[str, str]] = {"retry-after": "300"}


class CodeRefused(Problem):
    """The code of the second step is wrong, too old, or was used before; which is not said."""

    status, code = 403, "identity.code_refused"
    title = _("This code does not fit.")
    remedy = _("Take the newest one of your app, or a recovery code that you have not used yet.")


class AccountSuspended(Problem):
    """The credentials are right and the account is suspended."""

    status, code = 403, "identity.account_suspended"
    title = _("This account is suspended.")
    remedy = _("Nothing in it is lost. Ask an administrator of this installation.")


class LinkSpent(Problem):
    """The one-time link was used, expired, or never existed; which is not said."""

    status, code = 410, "identity.link_spent"
    title = _("This link no longer opens anything.")
    remedy = _("A link works once and for a limited time. Ask for a fresh one.")


class ChallengeExpired(Problem):
    """The answer to a challenge came too late or for the second time."""

    status, code = 400, "identity.challenge_expired"
    title = _("This attempt is over.")
    remedy = _("Start again: it takes one touch.")


class PasskeyRefused(Problem):
    """The authenticator's answer does not prove what it should."""

    status, code = 400, "identity.passkey_refused"
    title = _("This passkey could not be checked.")
    remedy = _("Try again, or use another passkey of this account.")


class SignUpClosed(NotFound):
    """The operator has not opened sign-up."""

    code = "identity.sign_up_closed"
    title = _("Accounts are handed out here.")
    remedy = _("Ask an administrator of this installation for one.")


class FormTooQuick(Problem):
    """A form came back quicker than anybody types, after an hour, or for the second time."""

    status, code = 429, "identity.form_too_quick"
    title = _("That was too quick for us.")
    remedy = _("Wait a few seconds and send it again; what you typed is still there.")


class NameTaken(Problem):
    """Another person signs in with this name."""

    status, code = 409, "identity.name_taken"
    title = _("This name is taken.")
    remedy = _("Choose another one.")


class PersonUnknown(NotFound):
    """Nobody signs in with this name."""

    code = "identity.person_unknown"
    title = _("Nobody here has this name.")
    remedy = _("Names are listed by “synfonium user list” and on the page of people.")


class LastAdministrator(Problem):
    """The change would leave nobody who administers the installation."""

    status, code = 409, "identity.last_administrator"
    title = _("Nobody would be left to administer this installation.")
    remedy = _("Make somebody else an administrator first.")


class LastWayIn(Problem):
    """The change would leave the person without any way to sign in."""

    status, code = 409, "identity.last_way_in"
    title = _("This is your last way in.")
    remedy = _("Add another passkey or a password first.")


class ClientRefused(Problem):
    """The client is unknown or the redirect URI is not one of its own; it gets no answer."""

    status, code = 400, "identity.client_refused"
    title = _("The site that sent you here is not set up correctly.")
    remedy = _("This installation does not know its identifier or its return address. Tell that site.")


class TitleTaken(Problem):
    """Another organisation, or another group of this one, has a name that looks the same."""

    status, code = 409, "identity.title_taken"
    title = _("A name that looks the same is taken.")
    remedy = _("Choose one that nobody can take for another.")


class SlugTaken(Problem):
    """Another organisation has this address."""

    status, code = 409, "identity.slug_taken"
    title = _("This address is taken.")
    remedy = _("Choose another one.")


class OrganisationClosed(Problem):
    """The organisation is suspended; only the installation's administrators change it."""

    status, code = 403, "identity.organisation_closed"
    title = _("This organisation is suspended.")
    remedy = _("Nothing in it is lost. Ask an administrator of this installation.")


class OrganisationNotEmpty(Problem):
    """Accounts that the organisation manages would be left without it."""

    status, code = 409, "identity.organisation_not_empty"
    title = _("This organisation still has accounts of its own.")
    remedy = _("Remove its members first.")


class AlreadyMember(Problem):
    """The person is in this organisation already."""

    status, code = 409, "identity.already_member"
    title = _("This person is a member already.")


class LastOwner(Problem):
    """The change would leave the organisation without an owner."""

    status, code = 409, "identity.last_owner"
    title = _("Nobody would be left to look after it.")
    remedy = _("Make somebody else an owner first.")


class NotManaged(Problem):
    """The account is the person's own: its organisation cannot open or close it."""

    status, code = 403, "identity.not_managed"
    title = _("This account is the person's own.")
    remedy = _("You can suspend or end the membership; the account stays theirs.")


class TooMany(Problem):
    """More members, groups, organisations or links than are kept."""

    status, code = 409, "identity.too_many"
    title = _("There are too many already.")
    remedy = _("Remove some that are no longer needed.")


class SourceUnknown(NotFound):
    """No open source of sign-ins has this identifier."""

    code = "identity.source_unknown"
    title = _("Nobody signs in this way here.")
    remedy = _("The way may have been closed. Go back to the sign-in page and choose another.")


class SourceNameTaken(Problem):
    """A source of sign-ins has this identifier."""

    status, code = 409, "identity.source_taken"
    title = _("This identifier is taken.")
    remedy = _("Choose another one.")


class OutsideRefused(Problem):
    """The source refused, the person turned back, or what it sent does not hold; which goes to the log."""

    status, code = 403, "identity.outside_refused"
    title = _("You were not signed in.")
    remedy = _("The other side did not vouch for you in a way that can be trusted. Start again here.")


class OutsideUnreachable(Problem):
    """The source does not answer in time, or not as it should."""

    status, code = 503, "identity.outside_unreachable"
    title = _("The other side does not answer.")
    remedy = _("Try again in a few minutes. Passkeys and passwords of this installation go on working.")


class NotLinked(Problem):
    """The outside account is known to its source, and to nobody here."""

    status, code = 403, "identity.not_linked"
    title = _("This account opens nothing here yet.")
    remedy = _("Sign in as you do now and link it under “Ways in”, or ask an administrator.")


class LinkedElsewhere(Problem):
    """The outside account opens another person's account, or this person has one from there."""

    status, code = 409, "identity.linked_elsewhere"
    title = _("This cannot be linked.")
    remedy = _("The account there already opens an account here, or yours is linked to another one there.")


class CodeUnknown(Problem):
    """No device waits with this code: mistyped, too old, or decided already."""

    status, code = 404, "identity.code_unknown"
    title = _("No device is waiting with this code.")
    remedy = _("Compare it with the one on the device. A code works for ten minutes, and once.")
