"""The other roles of this home: do they answer, and what have they counted?"""

import asyncio
from pathlib import Path

import msgspec

from synfonium.common.problem import Problem
from synfonium.kernel import metrics
from synfonium.kernel.app import ROLES, Role
from synfonium.kernel.socket import call_socket, role_socket, socket_folder
from synfonium.kernel.vitals import Vitals

METRICS = "kernel.metrics"
HEALTH = "kernel.health"
ANSWER_S = 2.0


class Neighbours:
    """Asks every role of `home`; `own` are those of this process."""

    def __init__(self, home: Path, own: frozenset[Role]) -> None:
        self._home, self._own = home, own

    async def health(self) -> dict[str, bool]:
        """Role to whether it answers."""
        others = [role for role in ROLES if role not in self._own]
        answers = await asyncio.gather(*(self._answers(role) for role in others))
        found = {**dict.fromkeys(self._own, True), **dict(zip(others, answers, strict=True))}
        return {role: found[role] for role in ROLES}

    async def metrics(self) -> dict[str, dict[str, float]]:
        """Role to its samples; a role that is away is left out."""
        found = {"+".join(sorted(self._own)): metrics.samples()}
        for role in ROLES:
            if role not in self._own:
                try:
                    found[role] = await call_socket(role_socket(self._home, role), METRICS, {}, "kernel")
                except Problem:
                    continue
        return found

    async def vitals(self) -> dict[str, Vitals | None]:
        """Role to how it is; None for one that does not answer. Asks by the sockets alone."""
        answers = await asyncio.gather(*(self._vitals(role) for role in ROLES))
        return dict(zip(ROLES, answers, strict=True))

    async def _vitals(self, role: Role) -> Vitals | None:
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await call_socket(role_socket(self._home, role), HEALTH, {}, "kernel")
            return msgspec.convert(answer, Vitals)
        except (Problem, TimeoutError, msgspec.ValidationError):
            return None

    def http_socket(self, role: Role) -> Path:
        return http_socket(self._home, role)

    async def _answers(self, role: Role) -> bool:
        try:
            async with asyncio.timeout(ANSWER_S):
                await call_socket(role_socket(self._home, role), HEALTH, {}, "kernel")
        except (Problem, TimeoutError):
            return False
        return True


def http_socket(home: Path, role: Role) -> Path:
    """Where a role that is not the front serves HTTP."""
    return socket_folder(home) / f"{role}-http.sock"
