"""Where a setting comes from: the strongest layer wins and can be named."""

from __future__ import annotations

from pathlib import Path

import pytest

from chain.errors import ConfigError
from cli import settings
from cli.settings import Setting


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


USER = """
lang = "ru"
profile = "mof"
[profiles.mof]
network = "pilot"
node = ["http://a", "http://b"]
[profiles.health]
network = "other"
"""


@pytest.fixture
def user(tmp_path: Path) -> Path:
    return write(tmp_path / "config.toml", USER)


def test_flag_then_environment_then_profile_then_file_then_default(tmp_path: Path, user: Path) -> None:
    system = write(tmp_path / "etc.toml", 'output = "csv"\nlang = "kk"\n')
    found = settings.load({"EQZ_CONFIG": str(user), "EQZ_VALIDITY": "1h"}, None, system)
    assert found.find("lang", "en") == Setting("en", "flag")
    assert found.find("validity") == Setting("1h", "environment")
    assert found.find("network") == Setting("pilot", f"profile mof in {user}")
    assert found.find("node").value == "http://a,http://b"
    assert found.find("lang") == Setting("ru", str(user))
    assert found.find("output") == Setting("csv", str(system))
    assert found.find("timeout") == Setting("60s", "default")


def test_a_profile_is_chosen_by_flag_then_environment(tmp_path: Path, user: Path) -> None:
    none = tmp_path / "none"
    assert settings.load({"EQZ_CONFIG": str(user)}, "health", none).find("network").value == "other"
    found = settings.load({"EQZ_CONFIG": str(user), "EQZ_PROFILE": "health"}, None, none)
    assert found.find("network").value == "other"


@pytest.mark.parametrize(
    ("text", "profile"), [("speed = 1", None), ("lang = ", None), ("", "nobody"), ('password = "x"', None)]
)
def test_a_wrong_file_or_profile_is_the_operators_error(
    tmp_path: Path, text: str, profile: str | None
) -> None:
    path = write(tmp_path / "config.toml", text)
    with pytest.raises(ConfigError):
        settings.load({"EQZ_CONFIG": str(path)}, profile, tmp_path / "none")


def test_the_language_of_the_system_counts_below_eqz_lang(tmp_path: Path) -> None:
    none = tmp_path / "none"
    base = {"EQZ_CONFIG": str(none), "LANG": "kk_KZ.UTF-8"}
    assert settings.load(base, None, none).find("lang").value == "kk"
    assert settings.load({**base, "EQZ_LANG": "en"}, None, none).find("lang").value == "en"
    assert settings.load({**base, "LANG": "de_DE"}, None, none).find("lang").value == "en"


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    table = {"lang": "kk", "profile": "a b", "profiles": {"a b": {"network": 'с "кавычками"'}, "c": {}}}
    settings.write_toml(tmp_path / "new" / "config.toml", table)
    assert settings.read_toml(tmp_path / "new" / "config.toml") == table
