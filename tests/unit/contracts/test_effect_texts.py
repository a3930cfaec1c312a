"""What a ballot would do, told in three languages."""

import pytest

from chain.genesis import PARAM_RULES
from contracts import governance
from contracts.effect_texts import LANGUAGES, effect_text
from contracts.membership import EFFECTS
from contracts.param_texts import PARAM_TEXTS

assert governance.ACTIVATION_DELAY, "importing the module registers its effects"

SIGNER = (1, bytes(32), 4, bytes(64))
ARGUMENTS = {
    "params.set": ((("retention-percent", 90), ("unaccepted-days", 45)),),
    "institution.add": ((("court", "audit", None, None, "Сот", "Суд", None, True, (SIGNER,)),),),
    "institution.close": ("mot",),
    "validator.add": ("mot", 1, bytes(32), bytes(64)),
    "validator.remove": ("mot",),
    "validator.rotate": ("mot", 1, bytes(32), bytes(64)),
    "rules.activate": ("plan.approve", 2, 400),
    "module.pause": ("plan",),
    "module.resume": ("plan",),
}


def test_every_effect_has_an_example_here() -> None:
    assert sorted(ARGUMENTS) == sorted(EFFECTS)


@pytest.mark.parametrize("name", EFFECTS)
def test_a_text_is_there_in_every_language_and_no_place_is_left_empty(name: str) -> None:
    texts = effect_text(name, ARGUMENTS[name])
    assert tuple(texts) == LANGUAGES
    assert len(set(texts.values())) == len(LANGUAGES)
    assert not any("{" in text for text in texts.values())


def test_the_figures_of_the_effect_stand_in_its_text() -> None:
    text = effect_text("params.set", ARGUMENTS["params.set"])["ru"]
    assert text.endswith(
        "retention-percent = 90 (наибольшая доля работ, оплачиваемая до приёмки в эксплуатацию, % (п. 191)); "
        "unaccepted-days = 45 (через сколько дней после месяца предупреждают о непринятом плане)"
    )
    assert (
        "court «Суд» (audit, member; 1)" in effect_text("institution.add", ARGUMENTS["institution.add"])["en"]
    )
    assert effect_text("rules.activate", ARGUMENTS["rules.activate"])["en"] == (
        "from height 400 on only version 2 of plan.approve is taken; older blocks keep theirs"
    )


def test_every_parameter_says_what_it_decides_in_three_languages() -> None:
    assert list(PARAM_TEXTS) == list(PARAM_RULES)
    assert all(len(set(texts)) == len(LANGUAGES) for texts in PARAM_TEXTS.values())


def test_an_unknown_parameter_is_told_by_its_name() -> None:
    assert effect_text("params.set", ((("no-such", 1),),))["en"].endswith("change: no-such = 1")


def test_what_does_not_fit_is_told_by_name_and_summary() -> None:
    assert effect_text("params.unset", ()) == dict.fromkeys(LANGUAGES, "params.unset")
    summary = f"module.pause: {EFFECTS['module.pause'].summary}"
    assert effect_text("module.pause", (1,)) == dict.fromkeys(LANGUAGES, summary)
