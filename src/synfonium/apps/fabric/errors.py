"""Refusals of the fabric.

Problem
├── UnknownGrant    404  there is no such grant, or it is another person's
├── NotYours        403  only what is yours can be given
├── TooWide         403  what is passed on is never more than what one has
├── NoObject        404  there is no such object, or it is not theirs to see
├── NotRegistered   403  the site that asks is not known as an app here
├── NotAsked        403  the app asks for more than its manifest says
├── NotPicked       422  what was chosen is not of the kind that is asked for
├── NothingOpens    404  no app here opens such a thing
├── BadRequest      400  a header, the path or the body does not follow its grammar
├── AppAway         502  the app that has the object does not answer
├── NothingGiven    403  an app behind us is nothing without a thing of the person's
├── SignInRefused   403  the person did not agree, or the way back was not the one begun
├── BadManifest     422  a manifest has an error; the first is told
├── AppTaken        409  the name belongs to an app of another origin or owner
├── TooManyApps     409  no more apps can be registered
├── NoSuchApp       404  no app of that name was registered here by whoever asks
├── NoAction        404  there is no such action, or not for this person
├── NotFor          422  the action is not done with this thing
├── NotGranted      403  the app, or the person, has no right to this
├── WrongInput      422  the input does not fit the action's schema
├── TookTooLong     504  the action was not done in time
├── TooManyAtOnce   429  as many actions of one person are running as may
├── KeyTaken        422  the key of the act belongs to another one
├── KeyInUse        409  the act of this key is being done
├── OnlyApps        403  only an app says what is to be found
├── IndexBusy       503  too much waits to be indexed
├── TooManyEvents   429  an app tells more than it may for now
├── TooLongAgo      410  what came after that is not kept any more
├── NothingDeclared 403  the manifest says of no event that the app listens to it
├── TooManyListen   429  an app or a person listens too often at once
├── NoRule          404  the person has no such rule
└── TooManyRules    409  a person has as many rules as may be
"""

from collections.abc import Mapping
from typing import ClassVar

from synfonium.common.problem import Problem, Unavailable
from synfonium.kernel.i18n import _


class UnknownGrant(Problem):
    """No grant of this person has that id."""

    status, code = 404, "fabric.unknown_grant"
    title = _("This right does not exist any more.")
    remedy = _("It may have been taken back already.")


class NotYours(Problem):
    """The object is not the person's own."""

    status, code = 403, "fabric.not_yours"
    title = _("You can only give what is yours.")
    remedy = _("Ask the person it belongs to.")


class TooWide(Problem):
    """A grant cut from another must say less, never more."""

    status, code = 403, "fabric.too_wide"
    title = _("What is passed on cannot be more than what was given.")
    remedy = _("Ask for fewer actions, a part of the object, or a shorter time.")


class NoObject(Problem):
    """Nothing is there for this person."""

    status, code = 404, "fabric.no_object"
    title = _("This thing does not exist, or it is not yours to see.")
    remedy = _("Choose another one.")


class BadRequest(Problem):
    """A header, the path or the body of a request for files does not follow its grammar."""

    status, code = 400, "fabric.bad_request"
    title = _("This request cannot be understood.")
    remedy = "{reason}"


class AppAway(Problem):
    """An outside app gave no answer, or one that cannot be used."""

    status, code = 502, "fabric.app_away"
    title = _("The app that has this does not answer.")
    remedy = _("Try again later, or tell whoever runs that app.")


class NotRegistered(Problem):
    """An OAuth client without a manifest can sign people in, and asks for nothing."""

    status, code = 403, "fabric.not_registered"
    title = _("This site is not registered as an app here.")
    remedy = _("Whoever makes it registers its manifest first. Nothing was given.")


class NotAsked(Problem):
    """What an app may ask for stands in its manifest, for everybody to read."""

    status, code = 403, "fabric.not_asked"
    title = _("The app asks for something that its manifest does not name.")
    remedy = _("Whoever makes it adds this to `asks` in the manifest. Nothing was given.")


class NotPicked(Problem):
    """The form was not filled in, or names another thing than was shown."""

    status, code = 422, "fabric.not_picked"
    title = _("Choose something that the app can use.")
    remedy = _("Go back, and choose one of the things that are not greyed out.")


class NothingOpens(Problem):
    """No manifest names this kind of thing."""

    status, code = 404, "fabric.nothing_opens"
    title = _("No app here opens this.")
    remedy = _("An app that does can be added by your administrator.")


class BadManifest(Problem):
    """A manifest that cannot be taken; line, sentence and rule of its first error."""

    status, code = 422, "fabric.bad_manifest"
    title = _("This manifest cannot be taken. Line {line}: {sentence} [{rule}]")
    remedy = _("synfonium app verify shows everything that is wrong with it.")


class AppTaken(Problem):
    """An app keeps its origin and its owner; it has to be removed first."""

    status, code = 409, "fabric.app_taken"
    title = _("An app of another origin is called {name} here already.")
    remedy = _("Give yours another id, or remove that one first.")


class TooManyApps(Problem):
    status, code = 409, "fabric.too_many_apps"
    title = _("No more than {most} apps can be registered.")
    remedy = _("Remove one that nobody needs.")


class NoSuchApp(Problem):
    """There is no such outside app, or it is another person's."""

    status, code = 404, "fabric.no_such_app"
    title = _("No app of this name was registered here.")
    remedy = _("Installed apps are removed with their package.")


class NoAction(Problem):
    """No app of this person declares it."""

    status, code = 404, "fabric.no_action"
    title = _("There is no such action.")
    remedy = _("The app may have been removed. The list of actions shows what there is.")


class NotFor(Problem):
    """The object is of another kind or of another app, or there should be none."""

    status, code = 422, "fabric.not_for"
    title = _("This action is not for that thing.")
    remedy = _("Choose another thing, or another action.")


class NotGranted(Problem):
    """Nobody gave this right."""

    status, code = 403, "fabric.not_granted"
    title = _("Nobody gave the right to do this.")
    remedy = _("Ask the person for it, with the thing that it is about.")


class WrongInput(Problem):
    """What was entered does not fit. member: of the input, "" for the whole; path: where in it;
    sentence: why, a gettext source with `{values}`."""

    status, code = 422, "fabric.wrong_input"
    title = _("This does not fit: {field}.")

    def __init__(self, member: str, path: str, sentence: str, values: Mapping[str, str]) -> None:
        super().__init__(**{**values, "field": path, "path": path})
        self.member = member
        self.remedy = sentence  # type: ignore[misc]


class TookTooLong(Problem):
    """An action that takes long begins a job, and answers."""

    status, code = 504, "fabric.took_too_long"
    title = _("The app took too long.")
    remedy = _("Look whether it was done before you try again.")


class TooManyAtOnce(Problem):
    """More would slow everybody down."""

    status, code = 429, "fabric.too_many_at_once"
    title = _("That is too much at once.")
    remedy = _("Wait until something is done, then try again.")
    headers = {"retry-after": "2"}


class KeyTaken(Problem):
    """One Idempotency-Key, two different acts."""

    status, code = 422, "fabric.key_taken"
    title = _("This key belongs to another act.")
    remedy = _("Take a new key for each act.")


class KeyInUse(Problem):
    """The act of this key has not answered yet."""

    status, code = 409, "fabric.key_in_use"
    title = _("This is being done, or it cannot be known whether it was.")
    remedy = _("Look whether it was done before you try with a new key.")


class OnlyApps(Problem):
    """The credential is a person's own."""

    status, code = 403, "fabric.only_apps"
    title = _("Only an app says what is to be found.")
    remedy = _("Send the access token that your app got for this person.")


class IndexBusy(Unavailable):
    """So much waits to be indexed that no more is taken for a while."""

    code = "fabric.index_busy"
    title = _("Too much is waiting to be made searchable.")
    remedy = _("Nothing of this was taken. Send it again in a minute.")
    headers: ClassVar[dict[str, str]] = {"retry-after": "60"}


class TooManyEvents(Problem):
    """A flood: events are refused until the app has waited."""

    status, code = 429, "fabric.too_many_events"
    title = _("This app tells of too much at once.")
    remedy = _("An app may tell of 200 things at once, and of two a second: wait, and send fewer.")
    headers: ClassVar[dict[str, str]] = {"retry-after": "10"}


class TooLongAgo(Problem):
    """`after` names what the journal does not reach."""

    status, code = 410, "fabric.too_long_ago"
    title = _("What happened after that is not kept any more.")
    remedy = _("Look at the objects themselves, then listen again without saying after what.")


class NothingDeclared(Problem):
    """An app hears of nothing that its manifest does not name."""

    status, code = 403, "fabric.nothing_declared"
    title = _("This app listens to nothing.")
    remedy = _("An app hears only of the types that its manifest names under synfonium.listens.")


class TooManyListen(Problem):
    """Connections are bounded for each app and person, and in all."""

    status, code = 429, "fabric.too_many_listen"
    title = _("Too many connections listen already.")
    remedy = _("Close one of them; one connection hears of all that an app may hear.")
    headers: ClassVar[dict[str, str]] = {"retry-after": "60"}


class NoRule(Problem):
    """There is no such rule, or it is another person's."""

    status, code = 404, "fabric.no_rule"
    title = _("There is no such rule.")
    remedy = _("It may have been removed.")


class TooManyRules(Problem):
    """A person has a hundred rules."""

    status, code = 409, "fabric.too_many_rules"
    title = _("You have as many rules as there can be.")
    remedy = _("Remove one that you do not need.")


class SignInRefused(Problem):
    """The end of a sign-in that nobody began here, or that the person refused."""

    status, code = 403, "fabric.sign_in_refused"
    title = _("You were not signed in to this app.")
    remedy = _("Open the app again to begin anew.")


class NothingGiven(Problem):
    """An app that works with a thing of the person's, and has none."""

    status, code = 403, "fabric.nothing_given"
    title = _("This app has nothing of yours to work with.")
    remedy = _("Open {origin} in a browser and choose what it gets.")
