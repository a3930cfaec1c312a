"""What all commands of one run share: the global options, settings and the two output streams.

Global options may stand before or after the noun and the verb; the nearest wins. One decorator adds them
everywhere.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from chain.errors import ConfigError
from cli import settings as configuration
from cli.failures import LANGUAGES, Details, InputError

FORMATS = ("table", "json", "jsonl", "csv", "xlsx")
NODES_MAXIMUM = 32

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(slots=True)
class Session:
    """One run of the command. `in_flight`: a transaction that a node may have, until it is final."""

    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    profile: str | None = None
    nodes_given: tuple[str, ...] = ()
    output_given: str | None = None
    language_given: str | None = None
    quiet: bool = False
    verbose: bool = False
    in_flight: str | None = None
    _settings: configuration.Settings | None = None

    @property
    def settings(self) -> configuration.Settings:
        if self._settings is None:
            self._settings = configuration.load(self.environment, self.profile)
        return self._settings

    def find(self, key: str, flag: str | None = None) -> str:
        return self.settings.find(key, flag).value

    def require(self, key: str, flag: str | None = None) -> str:
        """A setting that must be there. ConfigError says the three ways to give it."""
        value = self.find(key, flag)
        if not value:
            raise InputError(
                f"{key} is not known",
                "CONFIG",
                Details(remedy=f"give --{key}, set EQZ_{key.upper()}, or `eqz profile set NAME {key}=…`"),
            )
        return value

    def nodes(self) -> tuple[str, ...]:
        """URLs of the nodes to ask, in order; empty when none is known."""
        given = self.nodes_given or tuple(self.find("node").split(","))
        return tuple(url.strip().rstrip("/") for url in given if url.strip())[:NODES_MAXIMUM]

    @property
    def output(self) -> str:
        found = self.find("output", self.output_given)
        if found not in FORMATS:
            raise ConfigError(f"output {found!r}; one of {', '.join(FORMATS)}")
        return found

    @property
    def language(self) -> str:
        found = self.find("lang", self.language_given)
        if found not in LANGUAGES:
            raise ConfigError(f"lang {found!r}; one of {', '.join(LANGUAGES)}")
        return found

    def language_of_errors(self) -> str:
        """The language, English while the configuration itself cannot be read."""
        try:
            return self.language
        except ConfigError:
            return "en"

    def output_of_errors(self) -> str:
        try:
            return self.output
        except ConfigError:
            return "table"

    def say(self, message: str) -> None:
        """A message for people, on stderr."""
        if not self.quiet:
            click.echo(message, err=True)

    def detail(self, message: str) -> None:
        """A message for who asked with -v."""
        if self.verbose:
            click.echo(message, err=True)

    @property
    def is_interactive(self) -> bool:
        """Whether a person can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()


def _store(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def store(context: click.Context, _: click.Parameter, value: Any) -> Any:
        if value not in (None, (), False):
            setattr(context.ensure_object(Session), name, value)
        return value

    return store


def _option(name: str, *declarations: str, **attributes: Any) -> Callable[[_Command], _Command]:
    return click.option(*declarations, expose_value=False, callback=_store(name), **attributes)


_GLOBAL = (
    _option("profile", "--profile", metavar="NAME", help="Settings of this profile."),
    _option("nodes_given", "--node", multiple=True, metavar="URL", help="Ask this node (repeatable)."),
    _option("output_given", "-o", "--output", type=click.Choice(FORMATS), help="Form of the data on stdout."),
    _option("language_given", "--lang", type=click.Choice(LANGUAGES), help="Language of texts and headings."),
    _option("quiet", "-q", "--quiet", is_flag=True, help="No messages on stderr but errors."),
    _option("verbose", "-v", "--verbose", is_flag=True, help="Say more on stderr."),
)


def global_options(command: _Command) -> _Command:
    """Adds the global options to a command or a group."""
    for option in reversed(_GLOBAL):
        command = option(command)
    return command


pass_session = click.make_pass_decorator(Session, ensure=True)
