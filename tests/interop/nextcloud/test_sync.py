"""Two computers of one person, each with a desktop client, and the server between them."""

import os
import time

import pytest

from .conftest import Computer, MakeComputer

pytestmark = [pytest.mark.full, pytest.mark.timeout(400)]
NAMES = (
    "plain.txt",
    "été/à la plage.txt",
    "100% #1 & + = [x] {y} (z).txt",
    "emoji 👩‍👩‍👧‍👦.txt",
    "日本語/深い/フォルダ.txt",
    "x" * 200 + ".txt",
    "to be removed.txt",
    "deep/" * 10 + "leaf.txt",
    "empty",
)


def test_a_folder_is_the_same_on_two_computers(computer: MakeComputer) -> None:
    one, two = computer("one"), computer("two")
    for number, name in enumerate(NAMES):
        one.write(name, b"" if name == "empty" else os.urandom(1 + 1000 * number))
    for number in range(120):
        one.write(f"many/{number}.bin", os.urandom(500))
    one.write("big.bin", os.urandom(26_000_000))
    assert "/uploads/" in one.sync(), "the big one did not go by chunks"
    two.sync()
    assert two.tree() == one.tree()
    assert len(one.tree()) == len(NAMES) + 121

    two.write("back.txt", b"from two")
    two.write("many/3.bin", b"changed by two")
    two.write("big.bin", os.urandom(24_000_000))
    (two.folder / "many").rename(two.folder / "renamed")
    (two.folder / "plain.txt").rename(two.folder / "renamed" / "moved.txt")
    (two.folder / "to be removed.txt").unlink()
    two.sync()
    one.sync()
    assert one.tree() == two.tree()
    assert one.tree()["renamed/3.bin"] == b"changed by two"
    assert "to be removed.txt" not in one.tree()


def test_what_both_changed_is_kept_twice(computer: MakeComputer) -> None:
    one, two = computer("one"), computer("two")
    one.write("shared.txt", b"before")
    one.sync()
    two.sync()
    time.sleep(1.1)
    one.write("shared.txt", b"one's words")
    two.write("shared.txt", b"two has other words")
    one.sync()
    two.sync()
    assert set(two.tree().values()) == {b"one's words", b"two has other words"}
    assert two.tree()["shared.txt"] == b"one's words"
    assert any("conflict" in name for name in two.tree())


def test_a_change_deep_below_is_felt_at_the_top(computer: MakeComputer) -> None:
    one = computer("one")
    one.write("a/b/c/leaf.txt", b"leaf")
    one.write("other/leaf.txt", b"leaf")
    one.sync()
    account = one.account
    before = {path: account.etag(path) for path in ("", "a", "a/b", "a/b/c", "other")}
    with account.http() as client:
        assert client.put(f"{account.files}/a/b/c/leaf.txt", content=b"new leaf").status_code == 204
    after = {path: account.etag(path) for path in before}
    assert {path for path in before if before[path] != after[path]} == {"", "a", "a/b", "a/b/c"}
    one.sync()
    assert one.tree()["a/b/c/leaf.txt"] == b"new leaf"


def test_an_old_computer_and_a_new_one_agree(generations: tuple[Computer, Computer]) -> None:
    old, new = generations
    for number in range(30):
        old.write(f"été/{number}.txt", b"from the old one")
    old.write("both.txt", b"before")
    old.sync()
    new.sync()
    assert new.tree() == old.tree()
    time.sleep(1.1)
    (new.folder / "été").rename(new.folder / "hiver")
    new.write("hiver/3.txt", b"changed by the new one")
    new.write("both.txt", b"the new one's words")
    old.write("both.txt", b"the old one has other words")
    old.write("été/new.txt", b"into a folder that is called otherwise by now")
    new.sync()
    old.sync()
    new.sync()
    kept, agreed = old.tree(), new.tree()  # what is kept of a conflict stays where it arose
    assert {name: content for name, content in kept.items() if "conflict" not in name} == agreed
    assert old.tree()["hiver/3.txt"] == b"changed by the new one"
    assert b"into a folder that is called otherwise by now" in agreed.values()
    assert agreed["both.txt"] == b"the new one's words"
    assert b"the old one has other words" in kept.values()
