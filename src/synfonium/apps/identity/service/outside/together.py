"""Groups that a source names become groups of one organisation here, where the administrator said so."""

from collections.abc import Sequence

from sqlalchemy import Connection

from synfonium.apps.identity.model.organisations import ABOVE_ALL
from synfonium.apps.identity.service.groups import Groups
from synfonium.apps.identity.service.members import Members
from synfonium.apps.identity.service.organisations import Authority
from synfonium.apps.identity.service.people import OPERATOR
from synfonium.apps.identity.store import groups as group_store
from synfonium.apps.identity.store import members as member_store
from synfonium.apps.identity.store import organisations as store
from synfonium.common.ids import PersonId
from synfonium.common.problem import Problem
from synfonium.kernel import logs

log = logs.get("identity")


class Together:
    """Keeps members and groups in step, within the transaction of a sign-in. What cannot be
    followed keeps nobody out: it goes to the log."""

    def __init__(self, members: Members, groups: Groups) -> None:
        self._members, self._groups = members, groups

    def follow(
        self,
        connection: Connection,
        slug: str,
        person_id: PersonId,
        before: Sequence[str],
        after: Sequence[str],
    ) -> None:
        """The person is a member of the organisation `slug`, and in the groups of `after` but no longer in
        those that only `before` named; groups given here by hand stay."""
        organisation = store.organisation_by_slug(connection, slug)
        if organisation is None or organisation.is_suspended:
            log.warning("identity.outside_without_organisation")
            return
        authority = Authority(organisation=organisation, by=OPERATOR, rank=ABOVE_ALL)
        try:
            if member_store.member(connection, organisation.id, person_id) is None:
                self._members.join_in(connection, authority, person_id, role="member")
        except Problem as refusal:
            log.warning("identity.outside_group_refused", code=refusal.code)
            return
        for name in dict.fromkeys((*before, *after)):
            try:
                self._set(connection, authority, person_id, name, is_in=name in after)
            except Problem as refusal:
                log.warning("identity.outside_group_refused", code=refusal.code)

    def _set(
        self, connection: Connection, authority: Authority, person_id: PersonId, name: str, *, is_in: bool
    ) -> None:
        group = group_store.group_by_name(connection, authority.organisation.id, name)
        if group is None and not is_in:
            return
        found = group or self._groups.add_in(connection, authority, name)
        change = {"add" if is_in else "remove": [person_id]}
        self._groups.set_people_in(connection, authority, found.id, **change)
