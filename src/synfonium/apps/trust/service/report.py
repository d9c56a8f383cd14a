"""The trust report: every app's promises, tried by the running installation and signed with its key.

The signature is over the very text of the report, so that nobody has to write it again to check it; whoever
runs `synfonium trust report` on the same installation tries the same promises in the same way.
"""

import asyncio
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from synfonium.apps.operations.contract import Finding
from synfonium.apps.trust.contract import Proof
from synfonium.apps.trust.errors import NoReport
from synfonium.apps.trust.model import Report, SignedReport
from synfonium.kernel import logs
from synfonium.kernel.app import installed_apps
from synfonium.kernel.audit.heads import is_signed, read_public_key
from synfonium.kernel.calls import Progress
from synfonium.kernel.context import Context
from synfonium.kernel.i18n import _

__all__ = ["LARGEST_BYTES", "Reports", "check", "findings_of_last", "read"]

log = logs.get("trust")
PROVE = "prove"
ANSWER_S = 120.0
LARGEST_BYTES = 1 << 20
_MAGIC = b"SYNREPORT1"
_FILE = "report.json"


class Reports:
    """Makes a report at a time, and keeps the last one in the app's folder."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._path = context.folder / _FILE
        self._making = asyncio.Lock()

    async def make(self, progress: Progress) -> SignedReport:
        """Asks every app that proves something; signs, keeps and gives what they say."""
        async with self._making:
            apps = [a for a in installed_apps() if any(c.name == PROVE for c in a.commands)]
            proofs = list[Proof]()
            for number, app in enumerate(apps):
                await progress(app.name, number, len(apps))
                proofs += await self._asked(app.name)
            signed = self._signed(proofs)
            await asyncio.to_thread(self._keep, signed)
        return signed

    async def _asked(self, app: str) -> Sequence[Proof]:
        try:
            async with asyncio.timeout(ANSWER_S):
                answer: Any = await self._context.call(f"{app}.{PROVE}", {})
            return msgspec.convert(msgspec.to_builtins(answer), list[Proof])
        except Exception as failure:  # also one of a stranger's app; the others still prove theirs
            log.error("trust.proof_failed", failure)
            said = _("Everything that this app promises.")
            found = _("It could not be tried. The log says where.")
            return [Proof(promise=f"{app}.{PROVE}", said=said, how="", state="open", found=found)]

    def _signed(self, proofs: Sequence[Proof]) -> SignedReport:
        report = Report(
            installation=self._context.site.public_url,
            version=version("synfonium"),
            made_s=self._context.clock.now_s(),
            proofs=tuple(proofs),
        )
        text = msgspec.json.encode(report, order="deterministic").decode()
        signer = self._context.audit_of_all().signer
        return SignedReport(report=text, signature=signer.sign(_message(text)), key=signer.public_pem)

    def _keep(self, signed: SignedReport) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(signed))
        fresh.replace(self._path)

    def last(self) -> SignedReport:
        """Raises NoReport."""
        try:
            return read(self._path)
        except (OSError, ValueError):
            raise NoReport from None


def findings_of_last(context: Context) -> list[Finding]:
    """What the doctor is told: promises that the last report found broken."""
    try:
        report = check(Reports(context).last())
    except (NoReport, ValueError):
        return []
    broken = [proof.promise for proof in report.proofs if proof.state == "broken"]
    if not broken:
        said, count = _("The promises that were tried are kept: {count}."), str(len(report.proofs))
        return [Finding(check="trust.report", state="good", said=said, values={"count": count})]
    said = _("What this installation promises is not so: {promises}.")
    remedy = _("synfonium trust report says what was seen.")
    values = {"promises": ", ".join(broken)}
    return [Finding(check="trust.report", state="bad", said=said, remedy=remedy, values=values)]


def read(path: Path) -> SignedReport:
    """Raises OSError, and ValueError for a file that is no report."""
    with path.open("rb") as file:
        return msgspec.json.decode(file.read(LARGEST_BYTES), type=SignedReport)


def check(signed: SignedReport, key: Ed25519PublicKey | None = None) -> Report:
    """What is signed. key: the installation's, got on another way than with the report.

    Raises ValueError unless it is signed with that key, or with the one that it carries.
    """
    if not is_signed(key or read_public_key(signed.key), _message(signed.report), signed.signature):
        raise ValueError("not signed with this key")
    return msgspec.json.decode(signed.report, type=Report)


def _message(text: str) -> bytes:
    return _MAGIC + text.encode()
