"""Which Synfonium this is."""

from importlib.metadata import PackageNotFoundError, version


def product_version() -> str:
    """As in the package's metadata; "0" where it runs from sources without any."""
    try:
        return version("synfonium")
    except PackageNotFoundError:
        return "0"
