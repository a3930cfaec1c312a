"""What the auditor's tool says when an archive is not what it claims to be."""


class VerificationError(Exception):
    """The archive failed a check: the tool ends with 9 and one sentence.

    Attributes:
        what: what was found, in one sentence.
        height: the block it concerns, or None when none can be named.
        file: the file's name, or None.
        offset: where the record begins in that file, in bytes, or None.
    """

    def __init__(
        self, what: str, height: int | None = None, file: str | None = None, offset: int | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.height = height
        self.file = file
        self.offset = offset

    def at(
        self, height: int | None, file: str | None = None, offset: int | None = None
    ) -> "VerificationError":
        """Fill in the place where it is not yet known, and return self to be raised again."""
        if self.height is None:
            self.height = height
        if self.file is None:
            self.file, self.offset = file, offset
        return self

    def __str__(self) -> str:
        where = []
        if self.height is not None:
            where.append(f"height {self.height}")
        if self.file is not None:
            where.append(f"file {self.file if self.file.isprintable() else ascii(self.file)}")
        if self.offset is not None:
            where.append(f"record at byte {self.offset}")
        return f"{', '.join(where)}: {self.what}" if where else self.what


class NothingFoundError(Exception):
    """There is no archive where one was named: the tool ends with 3."""


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
