"""Checks of what search keeps in mind."""

from synfonium.apps.search.service.proofs.scene import Outcome, Scene, canary_word
from synfonium.kernel.i18n import _

TIMES = 1000


async def no_learning(scene: Scene, times: int = TIMES) -> Outcome:
    word = canary_word()
    for _again in range(times):
        await scene.data(f"/api/search?q={word}")
    suggested = [
        await scene.data(f"/api/search/suggest?q={word[:length]}") for length in (3, 6, len(word) - 1)
    ]
    values = {"times": str(times)}
    if any(word.encode() in one.body for one in suggested):
        return Outcome(
            state="broken", found=_("A word that was searched {times} times is suggested."), values=values
        )
    found = _("A word that was searched {times} times is not suggested.")
    return Outcome(state="kept", found=found, values=values)
