"""The reference of the elements names what they take and tell, in both languages."""

import re

import pytest

from tests.architecture.house import ROOT

ELEMENTS = ROOT / "web" / "kit" / "elements"
PAGES = ("elements.md", "elements.fr.md")
NAMES = ("pick", "share", "search", "bar")


def attributes(name: str) -> set[str]:
    """What an element may be given in HTML."""
    code = (ELEMENTS / f"{name}.ts").read_text(encoding="utf-8")
    (listed,) = re.findall(r"static override properties = \{(.*?)\};", code.replace("\n", " "))
    found = dict(re.findall(r"(\w+): \{([^}]*)\}", listed))
    return {
        (re.findall(r'attribute: "([^"]+)"', options) or [member])[0]
        for member, options in found.items()
        if "state: true" not in options and "attribute: false" not in options
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_attribute_event_and_custom_property_is_in_the_reference(page: str) -> None:
    text = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
    code = "".join(path.read_text(encoding="utf-8") for path in ELEMENTS.glob("*.ts"))
    told = set(re.findall(r'"(syn-[a-z]+)"', code)) | set(re.findall(r"var\((--syn-[a-z-]+)", code))
    told |= {attribute for name in NAMES for attribute in attributes(name)}
    missing = {word for word in told if f"`{word}`" not in text and f"`<{word}>`" not in text}
    assert missing == set()
