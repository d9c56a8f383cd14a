"""Logs cannot carry what a person typed."""

import json
import logging

import pytest

from synfonium.kernel import logs


def test_a_key_that_is_not_listed_is_refused() -> None:
    with pytest.raises(ValueError, match="query"):
        logs.get("search").info("search.answered", query="secret")


def test_an_exception_is_logged_without_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise KeyError("ana@example.org")
    except KeyError as failure:
        logs.get("drive").error("drive.failed", failure)
    line = json.loads(capsys.readouterr().err)
    assert line["error"] == "KeyError"
    assert line["trace"]
    assert "ana@example.org" not in json.dumps(line)


def test_a_librarys_words_are_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    logs.quiet_libraries()
    try:
        logging.getLogger("httpx").warning("GET https://example.org/?q=%s", "secret query")
    finally:
        logging.getLogger().handlers[:] = before
    logged = capsys.readouterr().err
    assert "httpx" in logged
    assert "secret" not in logged
