"""Use cases of identity, gathered in one object per process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from synfonium.apps.identity.service.addresses import MailAddresses
from synfonium.apps.identity.service.authenticator import TokenAuthenticator
from synfonium.apps.identity.service.clients import Clients
from synfonium.apps.identity.service.directories import Directories
from synfonium.apps.identity.service.groups import Groups
from synfonium.apps.identity.service.invitations import Invitations
from synfonium.apps.identity.service.letters import Letters
from synfonium.apps.identity.service.members import Members
from synfonium.apps.identity.service.memberships import Memberships
from synfonium.apps.identity.service.oauth.endpoints import OAuth
from synfonium.apps.identity.service.organisations import Administration
from synfonium.apps.identity.service.outside.admission import Admission
from synfonium.apps.identity.service.outside.attempts import OutsideSignIn
from synfonium.apps.identity.service.outside.directories import LdapDirectories
from synfonium.apps.identity.service.outside.sources import Sources
from synfonium.apps.identity.service.outside.together import Together
from synfonium.apps.identity.service.passes import Passes
from synfonium.apps.identity.service.passkeys import Passkeys
from synfonium.apps.identity.service.passwords import Passwords
from synfonium.apps.identity.service.people import Directory
from synfonium.apps.identity.service.recovery import Recovery
from synfonium.apps.identity.service.scim import Scim
from synfonium.apps.identity.service.second import SecondStep
from synfonium.apps.identity.service.sessions import Sessions
from synfonium.apps.identity.service.signup import SignUp
from synfonium.apps.identity.service.tokens import Tokens
from synfonium.apps.identity.service.trust import Trust
from synfonium.apps.identity.service.uses import Uses
from synfonium.apps.identity.service.welcome import Welcome
from synfonium.kernel.context import Context

__all__ = ["IdentityService", "open_service"]


class IdentityService:
    """What the doors call. One in the role that owns identity's database."""

    def __init__(self, context: Context, oauth: OAuth) -> None:
        self.uses = Uses(context)
        self.authenticator = TokenAuthenticator(context, self.uses)
        forget = self.authenticator.forget
        self.people = Directory(context, forget)
        self.addresses = MailAddresses(context)
        self.sessions = Sessions(context, forget, self.addresses)
        self.second = SecondStep(context)
        self.sources = Sources(context)
        self.admission = Admission(context, self.sessions)
        self.ldap = LdapDirectories(context, self.sources, self.admission, self.people)
        self.passwords = Passwords(context, self.sessions, self.second, self.ldap.known)
        self.outside = OutsideSignIn(context, self.sources, self.admission, self.passwords.halfway)
        self.passkeys = Passkeys(context, self.sessions)
        self.tokens = Tokens(context, forget)
        self.welcome = Welcome(
            context, self.sessions, self.passkeys, self.passwords, self.second, self.addresses
        )
        self.recovery = Recovery(context, self.welcome, self.addresses, self.second)
        self.sign_up = SignUp(context, self.welcome)
        self.trust = Trust(context, self.welcome, self.addresses)
        self.organisations = Administration(context, forget)
        self.members = Members(context, forget, self.welcome)
        self.groups = Groups(context)
        self.admission.gather = Together(self.members, self.groups).follow
        self.memberships = Memberships(context)
        self.invitations = Invitations(context, self.members, self.welcome)
        self.directories = Directories(context)
        self.scim = Scim(context, self.members, self.groups)
        self.letters = Letters(context)
        self.oauth, self.provider = oauth, oauth.provider
        self.clients = Clients(context, oauth.registrations)
        self.passes = Passes(context, self.addresses, self.clients)
        self.authenticator.on_forget = oauth.logouts.wake


@asynccontextmanager
async def open_service(context: Context) -> AsyncIterator[IdentityService]:
    """The service, with its signing keys made when there are none yet."""
    service = IdentityService(context, await OAuth.open(context))
    writing = asyncio.create_task(service.uses.write_for_ever())
    following = asyncio.create_task(service.ldap.follow_for_ever())
    tending = (writing, following, *service.oauth.start())
    try:
        yield service
    finally:
        await service.outside.close()
        service.ldap.close()
        for task in tending:
            task.cancel()
        await asyncio.gather(*tending, return_exceptions=True)
        await service.oauth.close()
        await service.uses.write()
