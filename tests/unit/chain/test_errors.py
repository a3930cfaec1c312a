from chain.errors import ConfigError, CorruptionError, DecodeError, LedgerError, StorageError


def test_every_branch_has_a_stable_code_of_its_own() -> None:
    def branches(kind: type[LedgerError]) -> list[type[LedgerError]]:
        return [kind, *(found for child in kind.__subclasses__() for found in branches(child))]

    ours = [kind for kind in branches(LedgerError) if kind.__module__ == "chain.errors"]
    codes = [kind("what happened").code for kind in ours]
    assert len(set(codes)) == len(codes) == 9


def test_a_code_can_be_given() -> None:
    error = ConfigError("no such directory", "CONFIG-DIRECTORY")
    assert (error.code, str(error)) == ("CONFIG-DIRECTORY", "no such directory")


def test_damage_is_a_fault_of_storage() -> None:
    assert isinstance(CorruptionError("x"), StorageError)


def test_an_enclosing_value_lengthens_the_place_and_keeps_the_code() -> None:
    error = DecodeError("too long", "TOO-LARGE", "name").within("[2]").within("rows")
    assert (str(error), error.code) == ("rows[2].name: too long", "TOO-LARGE")
