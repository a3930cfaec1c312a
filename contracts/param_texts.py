"""What each parameter of the chain decides, in Kazakh, Russian and English: members read it before a vote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PARAM_TEXTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "adjustment-percent": (
        "бағдарламадан жыл ішінде қайта бөлінетін ең жоғары үлес, % (БК 98)",
        "наибольшая доля программы, перераспределяемая за год, % (БК 98)",
        "highest share of a programme reallocated over the year, % (BC 98)",
    ),
    "adjustment-rural-percent": (
        "ауылдық бюджеттегі сол үлес, % (БК 98)",
        "та же доля в сельском бюджете, % (БК 98)",
        "the same share in a rural budget, % (BC 98)",
    ),
    "ballot-days": (
        "дауыс беру ашық тұратын күндер",
        "дней, пока голосование открыто",
        "days that a ballot stays open",
    ),
    "block-bytes": ("блоктың шегі, байт", "предел блока, байт", "limit of a block, bytes"),
    "block-cost": (
        "блок өзгертетін жазбалардың шегі",
        "предел записей, изменяемых блоком",
        "limit of the records that a block changes",
    ),
    "block-interval-ms": (
        "блоктар арасындағы ең аз уақыт, мс",
        "наименьшее время между блоками, мс",
        "least time between blocks, ms",
    ),
    "delay-ms": (
        "хабар жеткізілуінің күтілетін ең ұзақ уақыты, мс",
        "наибольшее ожидаемое время доставки сообщения, мс",
        "longest expected delivery of a message, ms",
    ),
    "development-free-percent": (
        "комиссиясыз ауысатын даму бағдарламасының үлесі, % (59–60-тармақтар)",
        "доля программы развития, перемещаемая без комиссии, % (пп. 59–60)",
        "share of a development programme moved without the commission, % (TP 59–60)",
    ),
    "development-percent": (
        "комиссиямен ауысатын даму бағдарламасының үлесі, % (59–60-тармақтар)",
        "доля программы развития, перемещаемая с комиссией, % (пп. 59–60)",
        "share of a development programme moved with the commission, % (TP 59–60)",
    ),
    "idle-ms": (
        "құжат жоқ кезде блоктар арасындағы уақыт, мс",
        "время между блоками без документов, мс",
        "time between blocks without documents, ms",
    ),
    "payment-request-days": (
        "төлеуге берілетін шоттың мерзімі, күнтізбелік күн (229-тармақ)",
        "срок действия счёта к оплате, календарных дней (п. 229)",
        "validity of a payment request, calendar days (TP 229)",
    ),
    "precision-ms": (
        "түйіндер сағаттарының рұқсат етілген айырмасы, мс",
        "допустимое расхождение часов узлов, мс",
        "permitted difference of the nodes' clocks, ms",
    ),
    "rating-effects": (
        "1 — рейтинг салдары қосулы: төмен рейтингіге қосымша келісу, қайта бөлуде жоғары рейтинг бірінші; "
        "0 — өшірулі",
        "1 — последствия рейтинга включены: низкому — ещё одно согласование, при перераспределении первым "
        "идёт высокий; 0 — выключены",
        "1: ratings have effects, one more approval for a low one and the first place of a high one in a "
        "reallocation; 0: none",
    ),
    "rating-floor": (
        "осыдан төмен рейтинг төмен саналады, ұпай",
        "рейтинг ниже этого считается низким, баллов",
        "a rating below this is low, points",
    ),
    "replay-window-ms": (
        "құжаттың ең ұзақ жарамдылық мерзімі, мс",
        "наибольший срок действия документа, мс",
        "longest validity of a document, ms",
    ),
    "retention-percent": (
        "жұмыстар пайдалануға қабылданғанша төленетін ең жоғары үлес, % (191-тармақ)",
        "наибольшая доля работ, оплачиваемая до приёмки в эксплуатацию, % (п. 191)",
        "highest share of works paid before commissioning, % (TP 191)",
    ),
    "sequester-exact-ten": (
        "дәл 10 % секвестр: 0 — қабылданбайды, 1 — қаулымен, 2 — заңмен (БК 97(2))",
        "секвестр ровно в 10 %: 0 — отклоняется, 1 — постановлением, 2 — законом (БК 97(2))",
        "a sequester of exactly 10 %: 0 is refused, 1 by resolution, 2 by law (BC 97(2))",
    ),
    "timeout-cap-ms": (
        "консенсус күтуінің шегі, мс",
        "предел ожидания консенсуса, мс",
        "cap of a consensus timeout, ms",
    ),
    "timeout-propose-ms": (
        "ұсынысты күту, мс",
        "ожидание предложения, мс",
        "timeout of a proposal, ms",
    ),
    "timeout-propose-step-ms": (
        "ұсынысты күтудің әр раундтағы өсімі, мс",
        "прибавка к ожиданию предложения за раунд, мс",
        "what each round adds to the timeout of a proposal, ms",
    ),
    "timeout-vote-ms": ("дауыстарды күту, мс", "ожидание голосов, мс", "timeout of votes, ms"),
    "timeout-vote-step-ms": (
        "дауыстарды күтудің әр раундтағы өсімі, мс",
        "прибавка к ожиданию голосов за раунд, мс",
        "what each round adds to the timeout of votes, ms",
    ),
    "transaction-keys": (
        "бір құжат өзгертетін жазбалардың шегі",
        "предел записей, изменяемых одним документом",
        "limit of the records that one document changes",
    ),
    "transaction-signatures": (
        "бір құжаттағы қолтаңбалардың шегі",
        "предел подписей одного документа",
        "limit of the signatures of one document",
    ),
    "unaccepted-days": (
        "айдан кейін қабылданбаған жоспар туралы ескертілетін мерзім, күн",
        "через сколько дней после месяца предупреждают о непринятом плане",
        "days after a month until its plan not accepted is warned of",
    ),
}
