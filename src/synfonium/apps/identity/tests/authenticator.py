"""An authenticator in software: makes passkeys and signs with them (WebAuthn Level 3, 6 and 7)."""

import base64
import hashlib
import json
import os
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class SoftAuthenticator:
    """Holds one passkey. Faults can be planted: `flags`, `origin`, `rp_id`, `count`."""

    def __init__(self, origin: str = "http://localhost:8600", rp_id: str = "localhost") -> None:
        self.origin, self.rp_id = origin, rp_id
        self.flags, self.count = PRESENT | VERIFIED, 0
        self.credential_id = os.urandom(32)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to `navigator.credentials.create`, with attestation `none`."""
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["authenticatorSelection"]["userVerification"] == "required"
        identified = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        data = self._authenticator_data(ATTESTED) + identified + cbor2.dumps(self._public_key())
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._credential(
            clientDataJSON=self._client_data("webauthn.create", options),
            attestationObject=attestation,
        )

    def show(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to `navigator.credentials.get`."""
        assert options["userVerification"] == "required"
        assert not options.get("allowCredentials")
        client = self._client_data("webauthn.get", options)
        data = self._authenticator_data(0)
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _authenticator_data(self, extra: int) -> bytes:
        flags = bytes([self.flags | extra])
        return hashlib.sha256(self.rp_id.encode()).digest() + flags + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _public_key(self) -> dict[int, Any]:
        """COSE, RFC 9053: EC2, ES256, P-256."""
        numbers = self._key.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}

    def _credential(self, **response: bytes) -> dict[str, Any]:
        name = base64url(self.credential_id)
        parts = {key: base64url(value) for key, value in response.items()}
        return {"id": name, "rawId": name, "type": "public-key", "response": parts}
