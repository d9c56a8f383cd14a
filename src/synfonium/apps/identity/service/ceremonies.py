"""What an authenticator is asked, and what its answer proves (WebAuthn Level 3, sections 7.1 and 7.2), by the
library webauthn. It is imported with the first ceremony: a start does not wait for it."""

from collections.abc import Mapping, Sequence
from typing import Any

import webauthn
from cryptography.exceptions import UnsupportedAlgorithm
from webauthn.helpers import options_to_json_dict, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from synfonium.apps.identity.errors import PasskeyRefused
from synfonium.common.ids import PersonId
from synfonium.kernel.site import Site

Answer = Mapping[str, Any]
_REQUIRED = UserVerificationRequirement.REQUIRED
# What the library lets through when it reads what a stranger sent (found by the tests).
_HOSTILE = (
    WebAuthnException,
    UnsupportedAlgorithm,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


def to_sign_in(site: Site, secret: str, life_s: int) -> dict[str, Any]:
    """Options for `navigator.credentials.get`, as JSON."""
    return options_to_json_dict(
        webauthn.generate_authentication_options(
            rp_id=site.host, challenge=secret.encode(), timeout=life_s * 1000, user_verification=_REQUIRED
        )
    )


def to_add(
    site: Site,
    secret: str,
    life_s: int,
    person_id: PersonId,
    name: str,
    display: str,
    known: Sequence[bytes],
) -> dict[str, Any]:
    """Options for `navigator.credentials.create`, as JSON. known: credential ids that are not made again."""
    return options_to_json_dict(
        webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name="Synfonium",
            user_id=person_id.encode(),
            user_name=name,
            user_display_name=display,
            challenge=secret.encode(),
            timeout=life_s * 1000,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=credential_id) for credential_id in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED
            ),
        )
    )


def sign_count_of(answer: Answer, site: Site, secret: str, public_key: bytes, before: int) -> int:
    """The authenticator's new count. Raises PasskeyRefused."""
    try:
        return webauthn.verify_authentication_response(
            credential=dict(answer),
            expected_challenge=secret.encode(),
            expected_rp_id=site.host,
            expected_origin=site.public_url,
            credential_public_key=public_key,
            credential_current_sign_count=before,
            require_user_verification=True,
        ).new_sign_count
    except _HOSTILE:
        raise PasskeyRefused from None


def registered(answer: Answer, site: Site, secret: str) -> VerifiedRegistration:
    """What the authenticator made. Raises PasskeyRefused."""
    try:
        return webauthn.verify_registration_response(
            credential=dict(answer),
            expected_challenge=secret.encode(),
            expected_rp_id=site.host,
            expected_origin=site.public_url,
            require_user_verification=True,
        )
    except _HOSTILE:
        raise PasskeyRefused from None


def credential_id_of(answer: Answer) -> bytes:
    """Raises PasskeyRefused."""
    try:
        return parse_authentication_credential_json(dict(answer)).raw_id
    except _HOSTILE:
        raise PasskeyRefused from None
