"""Signs what was destroyed, by a key that this installation derives and never stores."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from synfonium.apps.yourdata.model import Erasure, Receipt, pem, signed
from synfonium.kernel.context import Context

DAY_S = 86_400.0


class Receipts:
    """The key belongs to the installation's `secret.key`: a restored backup signs alike."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._key = Ed25519PrivateKey.from_private_bytes(context.secrets.derive("yourdata/receipts"))

    @property
    def public_key(self) -> str:
        return pem(self._key.public_key())

    def of(self, erasure: Erasure, done: dict[str, dict[str, int]], finished_s: float) -> Receipt:
        """Says what went, and where a copy may still be until when. No name, no address."""
        days = self._context.config.backup_days
        return signed(
            self._key,
            {
                "kind": "synfonium-erasure-receipt",
                "version": 1,
                "receipt": erasure.id,
                "installation": self._context.site.public_url,
                "person": erasure.person,
                "asked_s": erasure.asked_s,
                "finished_s": finished_s,
                "destroyed": {app: counts for app, counts in done.items() if counts},
                "keys_destroyed": ["the key of the person's files: no copy of them can be opened without it"],
                "kept": ["the id above, in the audit and in this proof"],
                "copies_may_be_in": [
                    {
                        "what": "backups of this installation",
                        "until_s": finished_s + days * DAY_S,
                        "days": days,
                    }
                ],
            },
        )
