"""Settings: refused when unknown, with the nearest name."""

from pathlib import Path

import pytest

from synfonium.kernel.config import ConfigError, Settings, site_of


def test_an_unknown_setting_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "synfonium.toml").write_text('pubic_url = "https://x.example"\n')
    with pytest.raises(ConfigError, match=r"unknown setting pubic_url; did you mean public_url\?"):
        Settings(tmp_path, {})


def test_an_unknown_environment_variable_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean port"):
        Settings(tmp_path, {"SYNFONIUM_PROT": "1"})


def test_a_wrong_type_says_which_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"port"):
        Settings(tmp_path, {"SYNFONIUM_PORT": "many"})


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "synfonium.toml").write_text('port = 1\ntrusted_proxies = ["10.0.0.0/8"]\n')
    settings = Settings(
        tmp_path, {"SYNFONIUM_PORT": "2", "SYNFONIUM_TRUSTED_PROXIES": "192.0.2.1, 2001:db8::/32"}
    )
    assert settings.house.port == 2
    assert settings.house.trusted_proxies == ("192.0.2.1", "2001:db8::/32")


def test_a_broken_file_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "synfonium.toml").write_text("port = = 3")
    with pytest.raises(ConfigError, match=r"synfonium\.toml cannot be read"):
        Settings(tmp_path, {})


@pytest.mark.parametrize(
    ("environment", "public", "content"),
    [
        ({}, "http://localhost:8600", "http://localhost:8601"),
        ({"SYNFONIUM_PORT": "80"}, "http://localhost:80", "http://localhost:81"),
        (
            {"SYNFONIUM_PUBLIC_URL": "https://a.example/", "SYNFONIUM_CONTENT_URL": "https://b.example"},
            "https://a.example",
            "https://b.example",
        ),
        (
            {"SYNFONIUM_PUBLIC_URL": "https://a.example:8600"},
            "https://a.example:8600",
            "https://a.example:8601",
        ),
    ],
)
def test_the_faces_follow_from_the_settings(
    tmp_path: Path, environment: dict[str, str], public: str, content: str
) -> None:
    site = site_of(Settings(tmp_path, environment).house)
    assert (site.public_url, site.content_url) == (public, content)


def test_a_public_url_with_a_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="origin"):
        site_of(Settings(tmp_path, {"SYNFONIUM_PUBLIC_URL": "https://a.example/cloud"}).house)
