"""What the provider gives out: codes, tokens, pushed requests, device codes. One row each."""

from typing import Any, Literal

import msgspec

from synfonium.apps.identity.model.oauth.request import AuthorizationRequest

Kind = Literal["code", "access", "refresh", "pushed", "device", "visit", "logout"]


class Approval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person approved, and what follows from it for each token.

    began_s: when the person approved. jkt: thumbprint of the DPoP key that tokens are bound
    to. audience: resource servers they are meant for; empty for the client itself. actor:
    the client that a token was exchanged for, when it is not the one it was made for.
    """

    scopes: tuple[str, ...] = ()
    auth_time_s: float = 0.0
    began_s: float = 0.0
    redirect_uri: str = ""
    nonce: str = ""
    code_challenge: str = ""
    id_token_claims: tuple[str, ...] = ()
    userinfo_claims: tuple[str, ...] = ()
    details: tuple[dict[str, Any], ...] = ()
    audience: tuple[str, ...] = ()
    jkt: str = ""
    actor: str = ""
    issued_s: float = 0.0

    @property
    def is_lasting(self) -> bool:
        """Whether it outlives the session: the person agreed to be spoken for while away."""
        return "offline_access" in self.scopes


class Device(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device that waits for a person (RFC 8628). state: what the person decided."""

    request: AuthorizationRequest
    state: Literal["waiting", "allowed", "refused"] = "waiting"
    approval: Approval = Approval()
    polled_s: float = 0.0
    interval_s: int = 5


class Logout(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A logout that a client is to be told of (OpenID Connect Back-Channel Logout 1.0)."""

    sub: str
    sid: str
    attempts: int = 0
    next_s: float = 0.0


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """A row: `body` is the JSON of an Approval, AuthorizationRequest, Device or Logout.

    family: what is revoked together; for a device, the hash of its user code. session:
    ends with that session; empty for what outlives it.
    """

    hash: str
    kind: Kind
    family: str = ""
    client_id: str
    person_id: str = ""
    session_id: str = ""
    expires_s: float
    is_used: bool = False
    body: bytes
