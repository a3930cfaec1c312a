"""LedgerError and its branches, sorted by whose fault it is, because that says who acts."""

from typing import ClassVar, Self


class LedgerError(Exception):
    """Any fault the ledger names. `code` is stable and may be compared; the message is for people."""

    default_code: ClassVar[str] = "LEDGER"

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code if code is not None else self.default_code


class DecodeError(LedgerError):
    """The sender's bytes: not canonical, or not of the expected shape. Drop the message, count it.

    `where` is the path of the value inside the message (`body.arguments[3].amount`), empty for the whole.
    """

    default_code = "DECODE"

    def __init__(self, message: str, code: str | None = None, where: str = "") -> None:
        super().__init__(message, code)
        self.where = where

    def within(self, prefix: str) -> Self:
        """The same error seen from an enclosing value."""
        is_field = prefix and self.where and self.where[0] not in ".["
        return type(self)(self.message, self.code, f"{prefix}{'.' if is_field else ''}{self.where}")

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class InvalidMessageError(LedgerError):
    """The peer's: well-formed bytes that say something false. Drop, count, perhaps disconnect."""

    default_code = "INVALID-MESSAGE"


class InvalidBlockError(LedgerError):
    """The proposer's: prevote nil."""

    default_code = "INVALID-BLOCK"


class IntegrationError(LedgerError):
    """The other system's: retry later, raise an alert."""

    default_code = "INTEGRATION"


class StorageError(LedgerError):
    """The machine's."""

    default_code = "STORAGE"


class CorruptionError(StorageError):
    """Stored data fails its check: the node stops and names the file and the record."""

    default_code = "CORRUPTION"


class ConfigError(LedgerError):
    """The operator's: one line on stderr, exit code 2."""

    default_code = "CONFIG"


class ExecutionFault(LedgerError):
    """Ours, while executing, a broken invariant included. The builder quarantines the transaction, a
    validator prevotes nil, at decision the node stops. Never "the transaction failed"."""

    default_code = "EXECUTION-FAULT"
