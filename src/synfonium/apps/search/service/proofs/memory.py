"""Checks of what search keeps in mind."""

from synfonium.apps.search.service.proofs.scene import Outcome, Scene, canary_address, canary_word
from synfonium.kernel.i18n import _
from synfonium.kernel.limits import remembered

TIMES = 1000
LONGEST_S = 600.0


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


async def forgets_askers(scene: Scene) -> Outcome:
    await scene.data("/api/search?q=vent", peer=canary_address())
    known = remembered()
    values = {"askers": str(known.askers), "minutes": f"{known.oldest_s / 60:.0f}"}
    if known.oldest_s > LONGEST_S:
        return Outcome(
            state="broken", found=_("Somebody who asked {minutes} minutes ago is remembered."), values=values
        )
    found = _("{askers} askers are counted at the moment, the first of them for {minutes} minutes.")
    return Outcome(state="kept", found=found, values=values)
