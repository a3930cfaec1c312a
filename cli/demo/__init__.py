"""`eqz demo`: a network of four nodes on this machine lives the republican budget of 2026."""

from cli.demo.command import COMMANDS as COMMANDS
