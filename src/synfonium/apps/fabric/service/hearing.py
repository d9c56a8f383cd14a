"""An installed app hears of other apps what its manifest says, where people read it, and nothing else."""

from synfonium.apps.fabric.contract import MANIFEST_FILE
from synfonium.apps.fabric.service.registry import manifest_of
from synfonium.kernel.app import App
from synfonium.kernel.config import ConfigError
from synfonium.kernel.context import Context


class ManifestsSay:
    """`kernel.hearing.Hearing`: `listens.types` of the app's manifest."""

    def check(self, app: App) -> None:
        if told := ", ".join(sorted(unsaid(app))):
            raise ConfigError(
                f"the app {app.name} hears {told}, which its {MANIFEST_FILE} does not say: "
                "it has to stand in `listens.types`, for people to read"
            )


def unsaid(app: App) -> set[str]:
    """The types of other apps that it subscribes to, and does not say so."""
    others = {
        type_ for one in app.subscriptions for type_ in one.types if not type_.startswith(f"{app.name}.")
    }
    if not others or app.serves_person:
        return set()
    manifest = manifest_of(app)
    listens = manifest.synfonium.listens if manifest else None
    return others - set(listens.types if listens else ())


def hearing(context: Context) -> ManifestsSay:
    return ManifestsSay()
