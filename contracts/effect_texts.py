"""What a ballot would do, in words: a member reads this, in Kazakh, Russian or English, before it votes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from chain.errors import DecodeError
from contracts.membership import EFFECTS
from contracts.param_texts import PARAM_TEXTS

LANGUAGES: Final = ("kk", "ru", "en")

Texts = tuple[str, str, str]

_TEXTS: Final[dict[str, Texts]] = {
    "params.set": (
        "келесі блоктан бастап желі параметрлері өзгереді: {values}",
        "со следующего блока меняются параметры сети: {values}",
        "from the next block on the network's parameters change: {values}",
    ),
    "institution.add": (
        "мекемелер алғашқы қол қоюшыларымен тіркеледі: {values}",
        "регистрируются учреждения с первыми подписантами: {values}",
        "institutions are registered with their first signers: {values}",
    ),
    "institution.close": (
        "{institution} мекемесі жабылады: келесі құжаттан бастап ештеңеге қол қоймайды",
        "учреждение {institution} закрывается: со следующего документа оно ничего не подписывает",
        "institution {institution} is closed: from the next document on it signs nothing",
    ),
    "validator.add": (
        "{institution} түйіні блоктарға дауыс береді, екінші блоктан бастап; кілті {public_key}",
        "узел учреждения {institution} голосует за блоки со второго блока после решения; ключ {public_key}",
        "the node of {institution} votes on blocks from the second block after; key {public_key}",
    ),
    "validator.remove": (
        "{institution} түйіні блоктарға бұдан былай дауыс бермейді, екінші блоктан бастап",
        "узел учреждения {institution} больше не голосует за блоки, со второго блока после решения",
        "the node of {institution} no longer votes on blocks, from the second block after",
    ),
    "validator.rotate": (
        "{institution} түйінінің кілті ауыстырылады, екінші блоктан бастап; жаңа кілт {public_key}",
        "ключ узла {institution} заменяется со второго блока после решения; новый ключ {public_key}",
        "the node of {institution} gets a new key from the second block after: {public_key}",
    ),
    "rules.activate": (
        "{height} биіктіктен бастап {action} әрекетінің тек {version} нұсқасы қабылданады; ескі блоктар "
        "өз нұсқасымен қалады",
        "с высоты {height} принимается только версия {version} действия {action}; прежние блоки остаются при "
        "своей версии",
        "from height {height} on only version {version} of {action} is taken; older blocks keep theirs",
    ),
    "module.pause": (
        "{module} модулінің барлық құжаттары мүшелер оны қайта қосқанша тоқтатылады",
        "все документы модуля {module} останавливаются, пока участники его не возобновят",
        "all documents of the module {module} stop until the members resume it",
    ),
    "module.resume": (
        "{module} модулінің құжаттары қайта қабылданады",
        "документы модуля {module} снова принимаются",
        "documents of the module {module} are taken again",
    ),
}


def _parameters(arguments: dict[str, Any]) -> Texts:
    """name = value, and what the parameter decides."""
    kk, ru, en = (
        "; ".join(
            f"{name} = {value} ({PARAM_TEXTS[name][number]})" if name in PARAM_TEXTS else f"{name} = {value}"
            for name, value in arguments["values"]
        )
        for number in range(len(LANGUAGES))
    )
    return kk, ru, en


def _institutions(arguments: dict[str, Any]) -> Texts:
    """id (kind, code, member) of each row."""
    found = []
    for name, kind, code, parent, _, name_ru, _, is_member, signers in arguments["rows"]:
        marks = [kind, *(value for value in (code, parent) if value is not None)]
        member = ", member" if is_member else ""
        found.append(f"{name} «{name_ru}» ({', '.join(marks)}{member}; {len(signers)})")
    return ("; ".join(found),) * 3


_VALUES: Final[dict[str, Callable[[dict[str, Any]], Texts]]] = {
    "params.set": _parameters,
    "institution.add": _institutions,
}
"""How a list of an effect is told in each language."""


def effect_text(name: str, arguments: tuple[Any, ...]) -> dict[str, str]:
    """The effect in three languages by language; its name and its summary where the arguments do not fit."""
    found = EFFECTS.get(name)
    if found is None:
        return dict.fromkeys(LANGUAGES, name)
    try:
        found.arguments.check(arguments, "arguments")
    except DecodeError:
        return dict.fromkeys(LANGUAGES, f"{name}: {found.summary}")
    fields = getattr(found.arguments, "fields", ())
    named: dict[str, Any] = {field: value for (field, _), value in zip(fields, arguments, strict=True)}
    values = _VALUES[name](named) if name in _VALUES else ("",) * len(LANGUAGES)
    places = {key: _shown(value) for key, value in named.items() if not isinstance(value, tuple)}
    texts = _TEXTS.get(name, (found.summary,) * len(LANGUAGES))
    return {
        language: _filled(text, {**places, "values": told})
        for language, text, told in zip(LANGUAGES, texts, values, strict=True)
    }


def _shown(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _filled(text: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        text = text.replace("{" + name + "}", value)
    return text
