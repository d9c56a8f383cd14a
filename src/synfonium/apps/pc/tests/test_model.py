"""Sizes, names, recipes and package sources, as people and distributions write them."""

from pathlib import Path

import pytest

from synfonium.apps.pc.model.machine import checked_limits, checked_name, parse_size
from synfonium.apps.pc.model.recipe import parse_recipe, shipped_recipes
from synfonium.apps.pc.service.sources import release, sources_of
from synfonium.common.problem import BadInput

RECIPE = 'name = "x"\ntitle = "X"\nscreen = "1280x720"\ncommand = ["/bin/true"]\npackages = ["a"]\n'


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512M", 512_000_000),
        ("4G", 4_000_000_000),
        ("2 GiB", 2 << 30),
        ("1000000000", 1_000_000_000),
        ("1t", 10**12),
    ],
)
def test_a_size_is_read_as_people_write_it(text: str, size: int) -> None:
    assert parse_size("memory", text) == size


@pytest.mark.parametrize("text", ["", "G", "-1G", "1.5.2G", "4 bananas", "1" * 40])
def test_a_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_size("memory", text)


@pytest.mark.parametrize("name", ["", "   ", "a" * 61, "a\u202eb\x07"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        checked_name(name)


def test_a_pc_needs_some_memory() -> None:
    with pytest.raises(BadInput):
        checked_limits(1.0, 1_000_000, 10**10)


def test_every_shipped_recipe_is_read_and_has_its_session() -> None:
    for recipe in shipped_recipes():
        assert recipe.command[0] in recipe.files
        assert recipe.files[recipe.command[0]].startswith("#!")
        assert "-nolisten tcp" in recipe.files[recipe.command[0]]


def test_a_recipe_says_its_digest_by_its_content() -> None:
    one, other = parse_recipe(RECIPE), parse_recipe(RECIPE.replace('"a"', '"b"'))
    assert one.digest == parse_recipe(RECIPE).digest
    assert one.digest != other.digest


@pytest.mark.parametrize(
    "wrong", ['[files]\n"../etc/x" = ""\n', '[files]\n"/a/../../x" = ""\n', 'colour = "red"\n']
)
def test_a_recipe_that_reaches_out_or_misspells_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        parse_recipe(RECIPE + wrong)


def test_images_come_from_where_this_computer_gets_its_packages(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "# comment\n"
        "deb [arch=amd64 signed-by=/keys/one.gpg] mirror://one stable main contrib # tail\n"
        "deb-src mirror://one stable main\n"
        "deb mirror://elsewhere nodistro main\n"
    )
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "base.sources").write_text(
        "Types: deb\nURIs: mirror://two\nSuites: stable stable-updates stable-backports other\n"
        "Components: main\nSigned-By: /keys/two.gpg\n\n"
        "Types: deb\nURIs: mirror://off\nSuites: stable\nComponents: main\nEnabled: no\n"
    )
    (folder / "third.list").write_text("deb mirror://three stable nonfree\n")
    found = sources_of("stable", tmp_path)
    assert [source.addresses for source in found] == [("mirror://one",), ("mirror://two",)]
    assert found[0].signed_by == "/keys/one.gpg"
    assert found[0].components == ("main",)
    assert found[1].suites == ("stable", "stable-updates")
    assert "Suites: stable stable-updates" in found[1].as_deb822()


def test_a_computer_without_a_release_name_has_no_sources(tmp_path: Path) -> None:
    assert release(tmp_path / "missing") == ""
