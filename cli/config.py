"""`eqz config` and `eqz profile`: what is in force, who said it, and how to change it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from cli import settings as configuration
from cli.documents import Json
from cli.failures import InputError, NotFoundError
from cli.output import emit_list
from cli.session import Session, global_options, pass_session


@click.group(name="config", help="Settings in force: show, set.")
@global_options
def config() -> None:
    """flag > EQZ_* > profile > /etc/eqazyna/config.toml > default."""


@config.command("show", help="Every setting in force; with --origin who said it.")
@click.option("--origin", "with_origin", is_flag=True, help="Also where each value comes from.")
@global_options
@pass_session
def show(session: Session, with_origin: bool) -> None:
    """Passwords are no settings and never appear here."""
    flags = {
        "node": ",".join(session.nodes_given),
        "output": session.output_given,
        "lang": session.language_given,
    }
    items: list[dict[str, Json]] = []
    for name in configuration.DEFAULTS:
        found = session.settings.find(name, flags.get(name))
        item: dict[str, Json] = {"setting": name, "value": found.value}
        items.append({**item, "origin": found.origin} if with_origin else item)
    emit_list(session, "eqz.config.show/1", items)


@config.command("set", help="Set NAME=VALUE for all profiles of this person.")
@click.argument("settings", nargs=-1, required=True, metavar="NAME=VALUE…")
@global_options
@pass_session
def set_config(session: Session, settings: tuple[str, ...]) -> None:
    """An empty value removes the setting."""
    path = configuration.user_file(session.environment)
    table = configuration.read_toml(path)
    _change(table, settings)
    configuration.write_toml(path, table)
    session.say(str(path))


@click.group(name="profile", help="Sets of settings: list, use, set.")
@global_options
def profile() -> None:
    """One profile a network and institution."""


@profile.command("list", help="The profiles of this person and of this machine.")
@global_options
@pass_session
def list_profiles(session: Session) -> None:
    """The one in use is marked."""
    items: list[dict[str, Json]] = []
    used = session.settings.profile
    for path in (configuration.user_file(session.environment), configuration.SYSTEM_FILE):
        for name, values in configuration.read_toml(path).get("profiles", {}).items():
            shown: dict[str, Json] = {
                key: _text(values.get(key, "")) for key in ("network", "institution", "node")
            }
            items.append({"profile": name, "used": name == used, **shown, "file": str(path)})
    emit_list(session, "eqz.profile.list/1", items)


@profile.command("use", help="Use a profile when --profile is not given.")
@click.argument("name")
@global_options
@pass_session
def use(session: Session, name: str) -> None:
    """Written to the person's configuration file."""
    path = configuration.user_file(session.environment)
    table = configuration.read_toml(path)
    known = (table, configuration.read_toml(configuration.SYSTEM_FILE))
    if not any(name in one.get("profiles", {}) for one in known):
        raise NotFoundError(f"no profile {name}; `eqz profile list` shows them", "PROFILE")
    configuration.write_toml(path, {**table, "profile": name})
    session.say(f"profile {name}")


@profile.command("set", help="Make or change a profile: NAME SETTING=VALUE….")
@click.argument("name")
@click.argument("settings", nargs=-1, required=True, metavar="SETTING=VALUE…")
@global_options
@pass_session
def set_profile(session: Session, name: str, settings: tuple[str, ...]) -> None:
    """The first profile is used at once."""
    path = configuration.user_file(session.environment)
    table = configuration.read_toml(path)
    profiles = table.setdefault("profiles", {})
    _change(profiles.setdefault(name, {}), settings)
    table.setdefault("profile", name)
    configuration.write_toml(path, table)
    session.say(str(path))


def _change(table: dict[str, Any], settings: Sequence[str]) -> None:
    for setting in settings:
        name, mark, value = setting.partition("=")
        if not mark or name not in configuration.DEFAULTS:
            raise InputError(
                f"{setting!r}: write NAME=VALUE; names are {', '.join(configuration.DEFAULTS)}", "CONFIG"
            )
        if value:
            table[name] = value
        else:
            table.pop(name, None)


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


COMMANDS = {"config": config, "profile": profile}
