"""The ledger's own words inside the texts of refusals: kinds, roles, statuses, instruments, fields.

Facts are Latin constants for programs; a text in Kazakh or Russian says them as people do. Which fact holds a
word, and of which table, stands here by its name; everything else in a fact is a person's and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from contracts.rejection import Facts, Reason, fill
from contracts.remedies import LANGUAGES

Table = Mapping[str, tuple[str, str]]
"""Constant -> the word in Kazakh and in Russian; English is the constant."""

KINDS: Final[Table] = {
    "finance": ("уәкілетті орган", "уполномоченный орган"),
    "treasury": ("қазынашылық", "казначейство"),
    "abp": ("бағдарламалар әкімшісі", "администратор программ (АБП)"),
    "gu": ("мемлекеттік мекеме", "государственное учреждение (ГУ)"),
    "government": ("Үкімет", "Правительство"),
    "parliament": ("Парламент", "Парламент"),
    "audit": ("аудит органы", "орган аудита"),
    # what an agreement is about, and what an obligation without one is for
    "goods": ("тауарлар", "товары"),
    "services": ("қызметтер", "услуги"),
    "works": ("жұмыстар", "работы"),
    "payroll": ("жалақы", "оплата труда"),
    "invoice": ("шот-фактура", "счёт-фактура"),
    "transfer": ("трансферт", "трансферт"),
    "court": ("сот шешімі", "судебное решение"),
    "special": ("арнайы шығыстар", "особые расходы"),
    "other": ("өзге", "прочее"),
    "debt": ("кредиторлық берешек", "кредиторская задолженность"),
    "retention": ("ұсталған сома", "удержание"),
    # what a suspension reaches
    "code": ("код", "код"),
    "programme": ("бюджеттік бағдарлама", "бюджетная программа"),
    "agreement": ("шарт", "договор"),
}

ROLES: Final[Table] = {
    "preparer": ("орындаушы", "исполнитель"),
    "accountant": ("бас бухгалтер", "главный бухгалтер"),
    "head": ("басшы", "руководитель"),
    "moderator": ("модератор", "модератор"),
    "operator": ("түйін операторы", "оператор узла"),
    "anybody": ("кез келген рөл", "любая роль"),
    "none": ("жоқ", "нет"),
    "no signature": ("қолтаңба жоқ", "подписей нет"),
}

STATUSES: Final[Table] = {
    # a budget request
    "formed": ("«мемлекеттік мекеме қалыптастырған»", "«сформирована ГУ»"),
    "consolidated": ("«әкімші жинақтаған»", "«сконсолидирована АБП»"),
    "mof": ("«Қаржы министрлігі бекіткен»", "«утверждена МФ»"),
    "government": ("«Үкімет бекіткен»", "«утверждена Правительством»"),
    "mazhilis": ("«Мәжіліске енгізілген»", "«внесена в Мажилис»"),
    "senate": ("«Сенатқа енгізілген»", "«внесена в Сенат»"),
    "law": ("«заңмен бекітілген»", "«утверждена законом»"),
    # a budget
    "quarter": ("бірінші тоқсан жоспары", "план на первый квартал"),
    "adopting": ("заң бөліктеп жазылуда", "закон записывается по частям"),
    "adopted": ("бекітілген", "утверждён"),
    # a payment request
    "requested": ("берілген", "подан"),
    "refused": ("орындалмай қайтарылған", "возвращён без исполнения"),
    "executed": ("орындалған", "исполнен"),
    # a hold or a decision on sequester
    "open": ("ашық", "открыто"),
    "complete": ("толық", "полное"),
    "applying": ("қолданылуда", "применяется"),
    "applied": ("қолданылған", "применено"),
    "cancelling": ("күші жойылуда", "отменяется"),
    "cancelled": ("күші жойылған", "отменено"),
    "lapsed": ("жылмен бірге жойылған", "сгорело с концом года"),
    # a document on its way
    "carried_out": ("орындалған", "исполнено"),
    "rejected": ("қайтарылған", "отклонено"),
    "withdrawn": ("кері алынған", "отозвано"),
}

INSTRUMENTS: Final[Table] = {
    "law": ("заң", "закон"),
    "resolution": ("қаулы", "постановление"),
}

SECTIONS: Final[Table] = {
    "costs": ("шығындар", "затраты"),
    "budget_loans": ("бюджеттік кредиттер", "бюджетные кредиты"),
    "financial_assets": ("қаржылық активтерді сатып алу", "приобретение финансовых активов"),
}

NATURES: Final[Table] = {
    "ordinary": ("әдеттегі", "обычная"),
    "distributable": ("бөлінетін", "распределяемая"),
    "reserve": ("резерв", "резерв"),
}

CASES: Final[Table] = {
    "reallocation": ("қайта бөлу", "перераспределение"),
    "development": ("даму бағдарламалары арасында", "между программами развития"),
    "distribution": ("бөлінетін бағдарламаны бөлу", "распределение распределяемой программы"),
    "reserve": ("резервтен", "из резерва"),
    "reorganisation": ("қайта ұйымдастыру", "реорганизация"),
    "carry_over": ("өткен жылдың қалдығы", "остаток прошлого года"),
    "opening_balances": ("жыл басындағы қалдық", "остаток на начало года"),
    "monitoring": ("мониторинг нәтижелері", "по итогам мониторинга"),
}

CAUSES: Final[Table] = {
    "classification": ("жіктеменің өзгеруі", "изменение классификации"),
    "reorganisation": ("қайта ұйымдастыру", "реорганизация"),
}

BLOCKS: Final[Table] = {
    "base": ("базалық шығыстар", "базовые расходы"),
    "initiatives": ("жаңа бастамалар", "новые инициативы"),
    "growth": ("базалық шығыстардың өсуі", "рост базовых расходов"),
    "reserves": ("резервтер", "резервы"),
}

DIRECTORIES: Final[Table] = {
    "administrators": ("Бюджеттік бағдарламалардың әкімшілері", "Администраторы бюджетных программ"),
    "functional-groups": ("Функционалдық топтар", "Функциональные группы"),
    "functional": ("Бюджет шығыстарының функционалдық сыныптамасы", "Расходы бюджета функциональные"),
    "economic": ("Бюджет шығыстарының экономикалық сыныптамасы", "Расходы бюджета экономические"),
    "receipts": ("Бюджет түсімдері", "Поступления бюджета"),
    "payees": ("Ақша алушылардың анықтамалығы", "Справочник получателей денег"),
    "reasons": ("Қайтару себептері", "Причины возврата"),
    "grounds": ("Тоқтата тұру негіздері", "Основания приостановления"),
    "budgets": ("Бюджеттер", "Бюджеты"),
    "sources": ("Қаржыландыру көздері", "Источники финансирования"),
    "institutions": ("Мемлекеттік мекемелердің анықтамалығы", "Справочник государственных учреждений"),
    "accounts": ("Қолма-қол ақшаны бақылау шоттары", "Контрольные счета наличности"),
    "approvers": ("Келісушілер тізімі", "Список согласующих"),
}

FIELDS: Final[Table] = {
    "acceptance": ("міндеттемелерді қабылдау", "принятие обязательств"),
    "accepted": ("қабылданған міндеттемелер", "принятые обязательства"),
    "administrator": ("әкімші", "администратор"),
    "agreement": ("шарт", "договор"),
    "amendments": ("жоспар өзгерістері", "изменения планов"),
    "amount": ("сома", "сумма"),
    "budget": ("бюджет", "бюджет"),
    "date": ("күні", "дата"),
    "debt": ("берешек", "задолженность"),
    "discipline": ("тәртіп", "дисциплина"),
    "economy": ("үнемдеу", "экономия"),
    "given_back": ("қайтарылған", "отдано администратором"),
    "holder": ("ұстаушы", "держатель"),
    "law_date": ("заң күні", "дата закона"),
    "month": ("ай", "месяц"),
    "notification": ("хабарлама", "уведомление"),
    "obligations": ("міндеттемелер бойынша жоспар", "план по обязательствам"),
    "overdue": ("мерзімінде қабылданбаған", "не принято в срок"),
    "payee": ("ақша алушы", "получатель денег"),
    "payment": ("төлем", "оплата"),
    "payments": ("төлемдер бойынша жоспар", "план по платежам"),
    "planned_obligations": ("міндеттемелер бойынша жоспар", "план по обязательствам"),
    "planned_payments": ("төлемдер бойынша жоспар", "план по платежам"),
    "programme": ("бағдарлама", "программа"),
    "programmes": ("бағдарламалар", "программы"),
    "redeemed": ("кассалық шығыс", "кассовые расходы"),
    "refusals": ("бас тартулар", "отказы"),
    "requests": ("төлем шоттары", "счета к оплате"),
    "score": ("рейтинг", "рейтинг"),
    "source": ("қаржыландыру көзі", "источник финансирования"),
    "specific": ("ерекшелік", "специфика"),
    "stability": ("жоспардың тұрақтылығы", "устойчивость планов"),
    "subprogramme": ("кіші бағдарлама", "подпрограмма"),
    "total": ("барлығы", "всего"),
    "valid_until": ("қолданылу мерзімі", "срок действия"),
    "year": ("жыл", "год"),
}

BY_NAME: Final[Mapping[str, Table]] = {
    "kind": KINDS,
    "kinds": KINDS,
    "role": ROLES,
    "next": ROLES,
    "scope": KINDS,
    "status": STATUSES,
    "wanted": STATUSES,
    "section": SECTIONS,
    "case": CASES,
    "cause": CAUSES,
    "block": BLOCKS,
    "directory": DIRECTORIES,
    "field": FIELDS,
}
"""Facts that hold words of the ledger under every code."""

BY_CODE: Final[Mapping[tuple[str, str], Table]] = {
    ("ID-KIND", "permitted"): KINDS,
    ("REQ-AUTHORITY", "permitted"): KINDS,
    ("ID-ROLES", "required"): ROLES,
    ("ID-ROLES", "found"): ROLES,
    ("APPROVAL-ROLE", "found"): ROLES,
    ("APPROVAL-CLOSED", "found"): STATUSES,
    ("SUSP-SCOPE", "required"): FIELDS,
    ("BC97-02", "required"): INSTRUMENTS,
    ("BC97-02", "found"): INSTRUMENTS,
    ("BC98-NATURE", "found"): NATURES,
    ("TP78-SECTION", "found"): SECTIONS,
}
"""Facts that hold a word under this code only: under another `found` is an institution or a person's text."""

_BETWEEN: Final = re.compile(r"(, |; |\+| )")
"""What stands between the words of a list."""


def texts_of(reason: Reason, facts: Facts = ()) -> dict[str, str]:
    """The text of a refusal by language, with what was found filled in."""
    return {
        language: fill(getattr(reason, language), spoken(reason.code, facts, language))
        for language in LANGUAGES
    }


def spoken(code: str, facts: Facts, language: str) -> Facts:
    """The facts of a refusal with the ledger's own words said in the language; English ones are as they are.

    A person's text and an institution's id are never touched, even when they look like a word.
    """
    if language == "en":
        return facts
    said: list[tuple[str, int | str]] = []
    for name, value in facts:
        table = BY_CODE.get((code, name), BY_NAME.get(name))
        if table is None or isinstance(value, int):
            said.append((name, value))
        else:
            said.append((name, _said(name, value, table, language)))
    return tuple(said)


def word(table: Table, value: str, language: str) -> str:
    """One constant as people say it; what the table does not have stays."""
    known = table.get(value)
    return value if known is None or language == "en" else known[LANGUAGES.index(language)]


def _said(name: str, value: str, table: Table, language: str) -> str:
    if name == "next":  # "INSTITUTION, role": an institution may be called like a kind
        institution, between, role = value.rpartition(", ")
        return institution + between + word(table, role, language)
    if name == "scope":  # "kind code code …"
        kind, between, codes = value.partition(" ")
        return word(table, kind, language) + between + codes
    if value in table:
        return word(table, value, language)
    parts = _BETWEEN.split(value)
    if any(part not in table for part in parts[::2]):
        return value
    words = [word(table, part, language) for part in parts[::2]]
    marks = [", " if mark == " " else mark for mark in parts[1::2]]
    return "".join(part + mark for part, mark in zip(words, [*marks, ""], strict=True))
