"""Words for people in Kazakh, Russian and English: headings, statuses, questions."""

from __future__ import annotations

from typing import Final

HEADINGS: Final[dict[str, tuple[str, str, str]]] = {
    "act": ("акт", "акт", "act"),
    "action": ("әрекет", "действие", "action"),
    "address": ("мекенжай", "адрес", "address"),
    "administrator": ("әкімші", "администратор", "administrator"),
    "adopted": ("бекітілген", "утверждённый", "adopted"),
    "advanced": ("ұсталмаған аванстық сома", "аванс не отработан", "advance outstanding"),
    "agreement": ("шарт", "договор", "agreement"),
    "allocated": ("бөлінген", "распределённый", "allocated"),
    "amount": ("сома", "сумма", "amount"),
    "amounts": ("сомалар", "суммы", "amounts"),
    "announced": ("жарияланған", "объявленный", "announced"),
    "annulled": ("күші жойылған", "аннулированный", "annulled"),
    "approved": ("мақұлданған", "одобренный", "approved"),
    "article": ("бап", "норма", "article"),
    "balance": ("қалдық", "остаток", "balance"),
    "blocked": ("оқшауланған", "заблокированный", "blocked"),
    "budget": ("бюджет", "бюджет", "budget"),
    "carried": ("келесі қаржы жылына ауысқан", "перенесённый на следующий год", "carried over"),
    "closed": ("жабылған", "закрыто", "closed"),
    "code": ("код", "код", "code"),
    "collection": ("жинақ", "коллекция", "collection"),
    "contracted": ("шарт жасалған", "законтрактованный", "contracted"),
    "count": ("саны", "количество", "count"),
    "date": ("күні", "дата", "date"),
    "day": ("операциялық күн", "операционный день", "day"),
    "debited": ("қайтарылған", "возвращено", "debited"),
    "declined": ("қабылданбаған", "отклонённый", "declined"),
    "document": ("құжат", "документ", "document"),
    "executed": ("орындалған", "исполнено", "executed"),
    "expense": ("шығыс идентификаторы", "идентификатор расхода", "expense"),
    "field": ("өріс", "поле", "field"),
    "genesis": ("генезис", "генезис", "genesis"),
    "height": ("биіктік", "высота", "height"),
    "held": ("оқшауланған", "под блокировкой", "held"),
    "hold": ("оқшаулау", "блокировка", "hold"),
    "holder": ("ұстаушы", "держатель", "holder"),
    "id": ("идентификатор", "идентификатор", "id"),
    "institution": ("мекеме", "учреждение", "institution"),
    "key": ("кілт", "ключ", "key"),
    "kind": ("түрі", "вид", "kind"),
    "lapsed": ("жойылған қалдық", "сгоревший остаток года", "lapsed"),
    "line": ("жол", "строка", "line"),
    "name": ("атауы", "наименование", "name"),
    "name_en": ("атауы (ағылш.)", "наименование (англ.)", "name (English)"),
    "name_kk": ("атауы (қаз.)", "наименование (каз.)", "name (Kazakh)"),
    "name_ru": ("атауы (орыс.)", "наименование (рус.)", "name (Russian)"),
    "network": ("желі", "сеть", "network"),
    "number": ("нөмір", "номер", "number"),
    "obligation": ("міндеттеме", "обязательство", "obligation"),
    "obligations": ("міндеттемелер", "обязательства", "obligations"),
    "opened": ("ашылған", "открыто", "opened"),
    "opening": ("бастапқы қалдық", "начальный остаток", "opening"),
    "origin": ("көзі", "источник", "origin"),
    "paid": ("төленген", "оплаченный", "paid"),
    "payable": ("төленуге жататын", "к оплате", "payable"),
    "payee": ("алушы", "получатель", "payee"),
    "payment": ("төлем", "платёж", "payment"),
    "payments": ("төлемдер", "платежи", "payments"),
    "placed": ("орналастырылған", "размещённый", "placed"),
    "plan": ("жоспар", "план", "plan"),
    "posted": ("түскен", "поступило", "posted"),
    "programme": ("бағдарлама", "программа", "programme"),
    "received": ("түскен", "поступило", "received"),
    "recovered": ("қайтарылған", "возмещённый", "recovered"),
    "redeemed": ("өтелген", "погашенный", "redeemed"),
    "refined": ("нақтылау кезінде қысқартылған", "сокращённый при уточнении", "cut by refinement"),
    "registered": ("тіркелген", "зарегистрированный", "registered"),
    "requested": ("сұратылған", "заявленный", "requested"),
    "required_roles": ("қажетті қолдар", "нужны подписи", "signatures needed"),
    "restored": ("қалпына келтірілген", "восстановлено", "restored"),
    "retained": ("ұсталған", "удержанный", "retained"),
    "revoked": ("кері қайтарылған", "отозван", "revoked"),
    "roles": ("рөлдер", "роли", "roles"),
    "row": ("жол", "строка", "row"),
    "rows": ("жолдар", "строки", "rows"),
    "section": ("бөлім", "раздел", "section"),
    "sequestered": ("секвестрленген", "секвестрированный", "sequestered"),
    "serial": ("реттік нөмір", "порядковый номер", "serial"),
    "setting": ("баптау", "настройка", "setting"),
    "signatures_missing": ("жетіспейтін қолдар", "не хватает подписей", "signatures missing"),
    "signed_by": ("қол қойғандар", "подписали", "signed by"),
    "source": ("көз", "источник", "source"),
    "specific": ("ерекшелік", "специфика", "specific"),
    "stage": ("кезең", "стадия", "stage"),
    "status": ("мәртебе", "статус", "status"),
    "subject": ("пәні", "предмет", "subject"),
    "subprogramme": ("кіші бағдарлама", "подпрограмма", "subprogramme"),
    "summary": ("мазмұны", "содержание", "summary"),
    "supplier": ("өнім беруші", "поставщик", "supplier"),
    "texts": ("мәтіндер", "тексты", "texts"),
    "total": ("барлығы", "всего", "total"),
    "tx_id": ("транзакция", "транзакция", "transaction"),
    "valid_until": ("мерзімі", "действителен до", "valid until"),
    "value": ("мән", "значение", "value"),
    "version": ("нұсқа", "версия", "version"),
    "year": ("жыл", "год", "year"),
}
"""Heading of a column: kk, ru, en. A name that is not here is shown as it is, which is English."""

QUESTIONS: Final[dict[str, tuple[str, str, str]]] = {
    "sign": (
        "Осы құжатқа қол қойылсын ба?", "Подписать этот документ?", "Sign this document?",
    ),
    "submit": ("Құжат жіберілсін бе?", "Отправить документ?", "Submit the document?"),
    "password": ("{path} кілтінің құпиясөзі", "Пароль ключа {path}", "Password of {path}"),
    "new_password": ("{path} үшін жаңа құпиясөз", "Новый пароль для {path}", "New password for {path}"),
    "as_of": (
        "биіктік {height}, {age} с бұрын", "высота {height}, {age} с назад", "height {height}, {age} s old",
    ),
}  # fmt: skip

_INDEX: Final = {"kk": 0, "ru": 1, "en": 2}


def heading(name: str, language: str) -> str:
    """The heading of a column or a field."""
    known = HEADINGS.get(name)
    return name.replace("_", " ") if known is None else known[_INDEX[language]]


def label(path: str, language: str) -> str:
    """The heading of a nested field, `rows.1.amount`, part by part."""
    return ".".join(part if part.isdigit() else heading(part, language) for part in path.split("."))


def constant(value: str, language: str) -> str:
    """A status, stage or other Latin constant as people say it; codes stay."""
    known = HEADINGS.get(value)
    return value if known is None else known[_INDEX[language]]


def question(name: str, language: str, **places: str) -> str:
    return QUESTIONS[name][_INDEX[language]].format(**places)
