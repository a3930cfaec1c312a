"""The closed list of grounds on which the treasury returns a payment request without execution (TP 236).

Item 236 has 23 grounds. Numbers 14 (payments plan) and 15 (advance) are those of the law; the order of the
others within their groups is this ledger's, and each number keeps its meaning for ever.
"""

from __future__ import annotations

from typing import Final

GROUNDS: Final[dict[int, tuple[str, str, str]]] = {
    1: (
        "төлеуге берілетін шоттың нысаны белгіленген нысанға сай емес",
        "форма счёта к оплате не соответствует установленной",
        "the request has not the established form",
    ),
    2: (
        "қолдар жоқ немесе қол қою үлгілеріне сай емес",
        "подписи отсутствуют или не соответствуют образцам",
        "signatures are missing or differ from the specimens",
    ),
    3: (
        "мөр бедері жоқ немесе үлгіге сай емес",
        "оттиск печати отсутствует или не соответствует образцу",
        "the seal is missing or differs from the specimen",
    ),
    4: (
        "түзетулер мен өшірулер бар",
        "имеются исправления и подчистки",
        "there are corrections or erasures",
    ),
    5: (
        "сан мен жазбаша сома сәйкес емес",
        "сумма цифрами не совпадает с суммой прописью",
        "the sum in figures differs from the sum in words",
    ),
    6: (
        "мемлекеттік мекеменің деректемелері анықтамалыққа сай емес",
        "реквизиты государственного учреждения не соответствуют справочнику",
        "the institution's data differ from the directory",
    ),
    7: (
        "ақша алушының деректемелері анықтамалыққа сай емес",
        "реквизиты получателя денег не соответствуют справочнику",
        "the payee's data differ from the directory",
    ),
    8: (
        "бюджеттік сыныптама коды дұрыс емес",
        "неверно указан код бюджетной классификации",
        "the code of the budget classification is wrong",
    ),
    9: (
        "төлем мақсатының коды дұрыс емес",
        "неверно указан код назначения платежа",
        "the code of the payment's purpose is wrong",
    ),
    10: (
        "төлем мақсаты ерекшелік мазмұнына сай емес",
        "назначение платежа не соответствует структуре специфики",
        "the purpose does not fit the specific",
    ),
    11: (
        "шот деректері растаушы құжаттарға сай емес",
        "данные счёта не соответствуют подтверждающим документам",
        "the request differs from its supporting documents",
    ),
    12: (
        "сома растаушы құжаттардағы сомадан асады",
        "сумма превышает сумму подтверждающих документов",
        "the sum exceeds that of the supporting documents",
    ),
    13: (
        "міндеттеме қалдығынан асады",
        "сумма превышает неоплаченный остаток по уведомлению о регистрации",
        "the sum exceeds the unpaid balance of the notification",
    ),
    14: (
        "төлемдер бойынша жеке жоспардың пайдаланылмаған қалдығынан асады",
        "сумма превышает неиспользованный остаток индивидуального плана по платежам",
        "the sum exceeds the unused balance of the payments plan",
    ),
    15: (
        "аванстық төлемнің шекті мөлшері асып кеткен",
        "превышен предельный размер авансового платежа",
        "the highest share of an advance is exceeded",
    ),
    16: (
        "төлеуге берілетін шоттың қолданылу мерзімі өткен",
        "истёк срок действия счёта к оплате",
        "the request has expired",
    ),
    17: (
        "шартты тіркеу туралы хабарламаға сілтеме дұрыс емес",
        "неверная ссылка на уведомление о регистрации договора",
        "the link to the notification of registration is wrong",
    ),
    18: (
        "тіркелуге тиіс шарт тіркелмеген",
        "не зарегистрирован договор, подлежащий регистрации",
        "an agreement that must be registered is not",
    ),
    19: (
        "электрондық құжатта қате бар",
        "электронный документ содержит ошибки",
        "the electronic document has errors",
    ),
    20: (
        "электрондық шот-фактура интеграцияланбаған",
        "электронный счёт-фактура не интегрирован",
        "the e-invoice did not arrive from its system",
    ),
    21: (
        "қоса берілетін құжаттар жоқ",
        "отсутствуют прилагаемые документы",
        "attached documents are missing",
    ),
    22: (
        "бұрынғы аванс ұсталмаған",
        "не удержан ранее выплаченный аванс",
        "an earlier advance was not withheld",
    ),
    23: (
        "мекеменің немесе бағдарламаның операциялары тоқтатылған",
        "операции учреждения или программы приостановлены",
        "operations of the institution or programme are suspended",
    ),
}
"""Number of TP 236 -> text in Kazakh, Russian, English."""

assert list(GROUNDS) == list(range(1, 24)), "TP 236 has 23 grounds"
