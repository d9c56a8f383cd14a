"""Settings of identity, sensible without any."""

import msgspec


class IdentityConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """session_days: how long a session lives at most. idle_days: without use.
    link_hours: life of a sign-in link that an administrator hands over.
    first_link_minutes: life of the link that makes the first administrator.
    open_sign_up: whether anybody may sign up, until an administrator decides on /admin/signup.
    minimum_age: in years, for signing up; the same.
    recovery_link_minutes: life of a link that lets somebody in again by e-mail.
    trusted_wait_hours: between a trusted person's word and the account opening.
    people_make_families: whether anybody with an account may make a family and invite to it,
    people without an account included.
    open_registration: whether any program may register itself as a client (RFC 7591).
    local_clients: whether key sets, sector lists and logout addresses of clients may lie on
    private networks and loopback.
    administrators_need_passkey: no administrator's page opens in a session by password. Off
    only for tests, and for a town whose devices know no passkeys yet."""

    session_days: int = 90
    idle_days: int = 30
    link_hours: int = 72
    first_link_minutes: int = 60
    open_sign_up: bool = False
    minimum_age: int = 15
    recovery_link_minutes: int = 30
    trusted_wait_hours: int = 24
    administrators_need_passkey: bool = True
    people_make_families: bool = False
    open_registration: bool = True
    local_clients: bool = False
