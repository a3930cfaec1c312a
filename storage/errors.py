"""What disk may answer beside the thing asked for."""

from chain.errors import LedgerError


class HeightNotHeldError(LedgerError):
    """The asker's: a height that this node has not decided yet, or that lies before its history begins."""

    default_code = "HEIGHT-NOT-HELD"
