"""Causes that a certificate of amendment may name (TP 33, 37, 43): texts in Kazakh, Russian, English."""

from __future__ import annotations

from typing import Final

EXEMPT: Final[dict[str, tuple[str, str, str]]] = {
    "transfers": (
        "трансферттер мен бюджеттік кредиттер",
        "трансферты и бюджетные кредиты",
        "transfers and budget loans",
    ),
    "social_payments": ("әлеуметтік төлемдер", "социальные выплаты", "social payments"),
    "court": ("сот актілерін орындау", "исполнение судебных актов", "enforcement of court acts"),
    "classification": (
        "бюджеттік сыныптаманың өзгеруі",
        "изменение единой бюджетной классификации",
        "change of the budget classification",
    ),
    "distributable": (
        "бөлінетін бюджеттік бағдарламалар",
        "распределяемые бюджетные программы",
        "distributable programmes",
    ),
    "debt": ("кредиторлық берешек", "кредиторская задолженность", "accounts payable"),
}
"""Causes that the calendar does not bind (TP 33, 37, 43): texts in Kazakh, Russian, English."""

EXEMPT_SPECIFICS: Final[dict[str, tuple[str, ...]]] = {
    "transfers": ("31", "33", "34", "35", "36", "44", "45", "5"),
    "social_payments": ("32", "37"),
}
"""How the specifics begin of which one at least is changed for such a cause: transfers and budget loans;
housing payments, transfers to persons, pensions, scholarships, grants (classes 3, 4 and 5 of the ЕБК)."""

DEFERRING: Final[dict[str, tuple[str, str, str]]] = {
    "cash_deficit": ("қолма-қол ақша тапшылығы", "дефицит наличности", "cash deficit"),
    "force_majeure": ("еңсерілмейтін күш", "обстоятельства непреодолимой силы", "force majeure"),
    "litigation": ("сот талқылауы", "судебные разбирательства", "litigation"),
    "smaller_advance": ("аванстың азаюы", "уменьшение размера аванса", "a smaller advance"),
    "savings": ("сатып алу үнемі", "экономия по государственным закупкам", "savings of procurement"),
    "vacancies": ("бос орындар", "вакантные должности", "vacancies"),
    "planned_cut": (
        "алдағы қысқартуға арналған сома",
        "суммы, планируемые к сокращению",
        "amounts planned to be cut",
    ),
}
"""Causes for which the open month's plan may go to later months (TP 43)."""

CAUSES: Final = {**EXEMPT, **DEFERRING}
