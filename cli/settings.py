"""Where a setting comes from: flag > EQZ_* > profile > /etc > default; the key is the flag's name.

Passwords are no settings: they come from a prompt or a file of mode 0600, never from a value.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain.errors import ConfigError

SYSTEM_FILE: Final = Path("/etc/eqazyna/config.toml")

DEFAULTS: Final[Mapping[str, str]] = {
    "output": "table",
    "lang": "en",
    "node": "",
    "network": "",
    "genesis": "",
    "institution": "",
    "validity": "24h",
    "timeout": "60s",
}
"""Every setting; an empty default means there is none. `node` may have several URLs, comma between."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and who said it."""

    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The layers below the flags, strongest first, each with its name for people."""

    layers: tuple[tuple[str, Mapping[str, str]], ...]
    profile: str | None

    def find(self, key: str, flag: str | None = None) -> Setting:
        """The value of a key and its origin; the default's origin is `default`."""
        if flag:
            return Setting(flag, "flag")
        for origin, values in self.layers:
            if values.get(key):
                return Setting(values[key], origin)
        return Setting(DEFAULTS[key], "default")


def user_file(environment: Mapping[str, str]) -> Path:
    """The person's configuration file: EQZ_CONFIG, or config.toml under XDG_CONFIG_HOME or ~/.config."""
    if environment.get("EQZ_CONFIG"):
        return Path(environment["EQZ_CONFIG"])
    base = environment.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(base) / "eqazyna" / "config.toml"


def load(environment: Mapping[str, str], profile: str | None, system_file: Path = SYSTEM_FILE) -> Settings:
    """Read the environment and both files. ConfigError names the file and what is wrong with it."""
    layers: list[tuple[str, Mapping[str, str]]] = [("environment", _of_environment(environment))]
    chosen = profile or environment.get("EQZ_PROFILE")
    is_known = False
    for path in (user_file(environment), system_file):
        table = read_toml(path)
        chosen = chosen or table.get("profile")
        profiles = table.get("profiles", {})
        if chosen and chosen in profiles:
            is_known = True
            layers.append((f"profile {chosen} in {path}", _of_table(profiles[chosen], path)))
        whole = {key: value for key, value in table.items() if key not in ("profile", "profiles")}
        layers.append((str(path), _of_table(whole, path)))
    if chosen and not is_known:
        raise ConfigError(f"no profile {chosen}; `eqz profile list` shows them, `eqz profile set` makes one")
    return Settings(tuple(layers), chosen)


def _of_environment(environment: Mapping[str, str]) -> Mapping[str, str]:
    found = {
        key: environment[f"EQZ_{key.upper()}"] for key in DEFAULTS if environment.get(f"EQZ_{key.upper()}")
    }
    if "lang" not in found:
        spoken = environment.get("LC_ALL") or environment.get("LC_MESSAGES") or environment.get("LANG") or ""
        if spoken[:2] in ("kk", "ru"):
            found["lang"] = spoken[:2]
    return found


def _of_table(table: Mapping[str, Any], path: Path) -> Mapping[str, str]:
    values = {}
    for key, value in table.items():
        if key not in DEFAULTS:
            raise ConfigError(f"{path}: no setting is called {key}; settings are {', '.join(DEFAULTS)}")
        values[key] = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return values


def read_toml(path: Path) -> dict[str, Any]:
    """The table of a configuration file; empty when it is not there."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def write_toml(path: Path, table: Mapping[str, Any]) -> None:
    """Write a configuration file of texts, lists of texts and `[profiles.NAME]` tables."""
    lines = [f"{_key(key)} = {_toml(value)}" for key, value in table.items() if key != "profiles"]
    for name, values in table.get("profiles", {}).items():
        lines += ["", f"[profiles.{_key(name)}]"]
        lines += [f"{_key(key)} = {_toml(value)}" for key, value in values.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
    beside.replace(path)


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else _toml(name)


def _toml(value: str | Sequence[str]) -> str:
    """JSON's strings and lists of strings are TOML's."""
    return json.dumps(value, ensure_ascii=False)
