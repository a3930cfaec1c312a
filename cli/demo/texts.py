"""What the demonstration says, in Kazakh, Russian and English. `{name}` places are filled with facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cli.amounts import grouped

LINES: Final[dict[str, tuple[str, str, str]]] = {
    "directory": ("Файлдар: {directory}", "Файлы: {directory}", "Files: {directory}"),
    "founded": (
        "Кілттер мен генезис: {validators} валидатор, {institutions} мекеме, генезис {genesis}",
        "Ключи и генезис: валидаторов {validators}, учреждений {institutions}, генезис {genesis}",
        "Keys and genesis: {validators} validators, {institutions} institutions, genesis {genesis}",
    ),
    "started": (
        "Төрт түйін жұмыс істеп тұр: {nodes}",
        "Работают четыре узла: {nodes}",
        "Four nodes run: {nodes}",
    ),
    "directories": (
        "Анықтамалықтар жарияланды: {documents} құжат",
        "Справочники опубликованы: документов {documents}",
        "Directories published: {documents} documents",
    ),
    "adopted": (
        "2026 жылғы республикалық бюджет туралы заң: {programmes} бағдарлама бекітілді",
        "Закон о республиканском бюджете на 2026 год: утверждено программ {programmes}",
        "The law on the republican budget of 2026: {programmes} programmes adopted",
    ),
    "recomputed": (
        "  {node} түйіні токендерден қайта есептеді: шығындар {costs}, кредиттер {budget_loans}, "
        "қаржы активтері "
        "{financial_assets} мың теңге",
        "  узел {node} пересчитал по токенам: затраты {costs}, кредиты {budget_loans}, финансовые активы "
        "{financial_assets} тыс. тенге",
        "  node {node} recomputed from tokens: costs {costs}, loans {budget_loans}, financial assets "
        "{financial_assets} thousand tenge",
    ),
    "planned": (
        "Қаржыландыру жоспарлары: {institutions} мекеме, {documents} құжат",
        "Планы финансирования: учреждений {institutions}, документов {documents}",
        "Financing plans: {institutions} institutions, {documents} documents",
    ),
    "refused": (
        "  бас тартылды {code} ({article}): {message}",
        "  отказано {code} ({article}): {message}",
        "  refused {code} ({article}): {message}",
    ),
    "month": (
        "{month}-ай: тіркелген шарттар {agreements}, орындалған төлемдер {payments}",
        "Месяц {month}: зарегистрировано договоров {agreements}, исполнено платежей {payments}",
        "Month {month}: {agreements} agreements registered, {payments} payments executed",
    ),
    "payment_refused": (
        "  төлеуге берілетін {number} шот орындалмай қайтарылды (TP 236, {reason}-себеп)",
        "  счёт к оплате {number} возвращён без исполнения (TP 236, причина {reason})",
        "  payment request {number} returned without execution (TP 236, reason {reason})",
    ),
    "payment_restored": (
        "  банк {number} төлемін қайтарды: {amount} теңге қалпына келтірілді",
        "  банк вернул платёж {number}: восстановлено {amount} тенге",
        "  the bank returned payment {number}: {amount} tenge restored",
    ),
    "blocked": (
        "  түсімдер {shortfall} теңгеге кем: қазынашылық {rows} жолды оқшаулады",
        "  поступлений меньше на {shortfall} тенге: казначейство заблокировало строк {rows}",
        "  receipts fall short by {shortfall} tenge: the treasury blocked {rows} rows",
    ),
    "unblocked": (
        "  түсімдер қуып жетті: {amount} теңгенің оқшаулануы алынды",
        "  поступления наверстаны: снята блокировка {amount} тенге",
        "  receipts caught up: the block of {amount} tenge is lifted",
    ),
    "amended": (
        "  {lowered} шарты азайтылды, {terminated} шарты бұзылды",
        "  договор {lowered} уменьшен, договор {terminated} расторгнут",
        "  agreement {lowered} lowered, agreement {terminated} terminated",
    ),
    "decided": (
        "  секвестр шешілді ({instrument}): {amount} теңге, {rows} жол",
        "  секвестр решён ({instrument}): {amount} тенге, строк {rows}",
        "  sequester decided ({instrument}): {amount} tenge, {rows} rows",
    ),
    "sequestered": (
        "  секвестр қолданылды: {amount} теңгенің күші жойылды",
        "  секвестр применён: аннулировано {amount} тенге",
        "  sequester applied: {amount} tenge annulled",
    ),
    "limits": (
        "  {year} жылға лимиттер белгіленді: {administrators} әкімші",
        "  лимиты на {year} год установлены: администраторов {administrators}",
        "  limits of {year} set: {administrators} administrators",
    ),
    "requests": (
        "  2027 жылға бюджеттік өтінімдер: {documents} құжат, {amount} теңге (сұралған)",
        "  бюджетные заявки на 2027 год: документов {documents}, {amount} тенге (заявленный)",
        "  budget requests of 2027: {documents} documents, {amount} tenge (requested)",
    ),
    "request_returned": (
        "  әкімші {holder} өтінімін себебімен қайтарды; {amount} теңгеге азайтылды",
        "  администратор вернул заявку {holder} с причиной; она уменьшена на {amount} тенге",
        "  the administrator returned the request of {holder} with a reason; it asks for {amount} tenge less",
    ),
    "consolidated": (
        "  өтінімдер жинақталды: {amount} теңге, лимит шегінде",
        "  заявки консолидированы: {amount} тенге, в пределах лимитов",
        "  requests consolidated: {amount} tenge, within the limits",
    ),
    "decided_by": (
        "  2027 жылғы өтінім — {status}: {amount} теңге, қабылданбағаны {declined}",
        "  заявка 2027 года — {status}: {amount} тенге, отклонено {declined}",
        "  request of 2027 — {status}: {amount} tenge, declined {declined}",
    ),
    "difference": (
        "  заң өтінімнен өзгеше: {programme} — сұралғаны {asked}, бекітілгені {adopted} теңге",
        "  закон отличается от заявки: {programme} — запрошено {asked}, утверждено {adopted} тенге",
        "  the law differs from the request: {programme} — asked {asked}, adopted {adopted} tenge",
    ),
    "law_of_next": (
        "  {year} жылғы заң (мысал): {amount} теңге; өтінімдер шығыс идентификаторларымен келістірілді",
        "  закон на {year} год (пример): {amount} тенге; заявки согласованы по идентификаторам расхода",
        "  the law of {year} (example): {amount} tenge; requests aligned by expense ids",
    ),
    "long_registered": (
        "  екі жылдық {number} шарты: {total} теңге, оның {year} жылғысы {amount}, аванс {advance} төленді",
        "  договор на два года {number}: {total} тенге, на {year} год {amount}, аванс {advance} выплачен",
        "  agreement of two years {number}: {total} tenge, {amount} in {year}, advance {advance} paid",
    ),
    "worked_off": (
        "  {number}: {act} теңгенің актісі аванстың {worked} теңгесін өтеді",
        "  {number}: акт на {act} тенге отрабатывает {worked} тенге аванса",
        "  {number}: an act of {act} tenge works off {worked} tenge of the advance",
    ),
    "amended_a": (
        "  жоспарға (а) түріндегі өзгеріс: {amount} теңге екі мекеме арасында, жиынтық өзгермейді",
        "  справка вида (а): {amount} тенге между двумя учреждениями, итоги программы не меняются",
        "  certificate of kind a: {amount} tenge between two institutions, the programme's totals stay",
    ),
    "amended_b": (
        "  (б) түріндегі өзгеріс қазынашылықтың келісуінен өтті: {amount} теңге әкімшіге қайтты",
        "  справка вида (б) согласована казначейством: {amount} тенге вернулось администратору",
        "  certificate of kind b agreed by the treasury: {amount} tenge back to the administrator",
    ),
    "bill": (
        "  нақтылау туралы заң жобасы енгізілді: {amount} теңге оқшауланды",
        "  проект закона об уточнении внесён: заблокировано {amount} тенге",
        "  a bill on a refinement is tabled: {amount} tenge held",
    ),
    "refined": (
        "  бюджет заңмен нақтыланды: +{up}, −{down} теңге",
        "  бюджет уточнён законом: +{up}, −{down} тенге",
        "  the budget is refined by law: +{up}, −{down} tenge",
    ),
    "adjusted": (
        "  бюджет қаулымен түзетілді: {amount} теңге 228/001-ге; бекітілген {approved}, "
        "нақтыланған {refined}, түзетілген {adjusted}",
        "  бюджет скорректирован постановлением: {amount} тенге в 228/001; утверждено {approved}, уточнено "
        "{refined}, скорректировано {adjusted}",
        "  the budget is adjusted by resolution: {amount} tenge to 228/001; approved {approved}, refined "
        "{refined}, adjusted {adjusted}",
    ),
    "no_shift": (
        "  {month}-айға: {programmes} бағдарлама ақшасы тек осы актілермен қозғалды (дәлел: {proven})",
        "  на месяц {month}: деньги {programmes} программ двигались только этими актами (доказано: {proven})",
        "  to month {month}: money of {programmes} programmes moved by these acts alone (proven: {proven})",
    ),
    "penalty": (
        "  {number}: {amount} теңге тұрақсыздық айыбы бюджет түсіміне ұсталды",
        "  {number}: неустойка {amount} тенге удержана в доход бюджета",
        "  {number}: a penalty of {amount} tenge withheld for the receipts",
    ),
    "listed": (
        "  келесі жылға ауысатын бағдарламалар тізбесі: {amount} теңге (1 желтоқсанға дейін)",
        "  перечень переходящих программ: {amount} тенге (до 1 декабря)",
        "  list of what may be carried over: {amount} tenge (before 1 December)",
    ),
    "rated": (
        "  рейтинг: {administrator} әкімшісі — {score} балл, кез келген адам қайта есептей алады",
        "  рейтинг: администратор {administrator} — {score} баллов, пересчитать может любой",
        "  rating: administrator {administrator} — {score} points, anybody can recompute it",
    ),
    "planned_next": (
        "  {year} жылғы жоспарлар: {programmes} бағдарлама",
        "  планы {year} года: программ {programmes}",
        "  plans of {year}: {programmes} programmes",
    ),
    "closed": (
        "{budget} бюджетінің {year} жылы жабылды: {documents} құжат, {tokens} токен; күшін жойды {lapsed}, "
        "ауысты {carried}, авансы өтелмеген {claimed} теңге",
        "Год {year} бюджета {budget} закрыт: документов {documents}, токенов {tokens}; сгорело {lapsed}, "
        "перешло {carried}, неотработанных авансов {claimed} тенге",
        "{year} of the budget {budget} is closed: {documents} documents, {tokens} tokens; lapsed {lapsed}, "
        "carried {carried}, advances outstanding {claimed} tenge",
    ),
    "carried_over": (
        "  тізбе бойынша ауысқан {amount} теңге қаулымен пайдаланылды",
        "  переходящие {amount} тенге использованы постановлением",
        "  {amount} tenge of the list are used by resolution",
    ),
    "reregistered": (
        "  {number} {year} жылға қайта тіркелді: {amount} теңге; өтелмеген аванс {outstanding}",
        "  {number} перерегистрирован на {year} год: {amount} тенге; неотработанный аванс {outstanding}",
        "  {number} registered again for {year}: {amount} tenge; advance outstanding {outstanding}",
    ),
    "debts_paid": (
        "  2026 жылғы борыш {debt} теңге төленді, ұсталған {retained} теңге пайдалануға беріліп босады",
        "  долг 2026 года {debt} тенге оплачен, удержанные {retained} тенге освобождены вводом объекта",
        "  the debt of 2026, {debt} tenge, is paid; {retained} tenge retained are released by commissioning",
    ),
    "recovered": (
        "  2026 жылғы {number} төлемінен {amount} теңге қайтты: жаңа түсім (өтелді)",
        "  по платежу 2026 года {number} вернулось {amount} тенге: новый доход (возмещён)",
        "  {amount} tenge of payment {number} of 2026 came back: new revenue (recovered)",
    ),
    "last_act": (
        "  {number}: {act} теңгенің актісі, аванс {worked} толық өтелді, төленді {paid}, ұсталды {retained}",
        "  {number}: акт на {act} тенге, аванс отработан ({worked}), оплачено {paid}, удержано {retained}",
        "  {number}: an act of {act} tenge, the advance is worked off ({worked}), paid {paid}, retained "
        "{retained}",
    ),
    "blocked_next": (
        "  2027 жылғы түсімдер кем: {rows} жолда {amount} теңге оқшауланды",
        "  поступлений 2027 года не хватает: заблокировано {amount} тенге, строк {rows}",
        "  receipts of 2027 fall short: {amount} tenge blocked on {rows} rows",
    ),
    "requests_after": (
        "  {year} жылға өтінімдер: {documents} құжат; үш жыл қатар жүреді",
        "  заявки на {year} год: документов {documents}; три года идут рядом",
        "  requests of {year}: {documents} documents; three years go side by side",
    ),
    "month_next": (
        "{year} жылғы {month}-ай",
        "{year} год, месяц {month}",
        "{year}, month {month}",
    ),
    "joined": (
        "  {number}-дауыс беру: {institutions} мекеме қосылды, {budget} жергілікті бюджеті",
        "  голосование {number}: присоединились учреждения — {institutions}, местный бюджет {budget}",
        "  ballot {number}: {institutions} institutions join, of the local budget {budget}",
    ),
    "transferred": (
        "  нысаналы трансферт {amount} теңге: республика шотынан {budget} шотына бір транзакцияда",
        "  целевой трансферт {amount} тенге: со счёта республики на счёт {budget} одной транзакцией",
        "  a targeted transfer of {amount} tenge: from the republic to {budget} in one transaction",
    ),
    "returned_unused": (
        "  {budget}: пайдаланылмаған {amount} теңге трансферт қайтарылды (338)",
        "  {budget}: неиспользованный трансферт {amount} тенге возвращён (338)",
        "  {budget}: the unused transfer, {amount} tenge, is returned (338)",
    ),
    "consolidated_budgets": (
        "  екі бюджет бірге: төленгені {gross}, өзара ағындар {mutual}, оларсыз {net} теңге",
        "  два бюджета вместе: исполнено {gross}, взаимных потоков {mutual}, без них {net} тенге",
        "  both budgets together: paid {gross}, mutual flows {mutual}, without them {net} tenge",
    ),
    "stages": (
        "Он бес саты, теңге:",
        "Пятнадцать стадий, тенге:",
        "The fifteen stages, tenge:",
    ),
    "statuses": (
        "Алты мәртебе, теңге:",
        "Шесть статусов, тенге:",
        "The six statuses, tenge:",
    ),
    "network": (
        "Биіктік {height}, транзакция {transactions}, түпкіліктілік p50 {p50} мс, p95 {p95} мс; "
        "түйіндер арасында "
        "айырмашылық {differences}",
        "Высота {height}, транзакций {transactions}, окончательность p50 {p50} мс, p95 {p95} мс; "
        "расхождений между "
        "узлами {differences}",
        "Height {height}, {transactions} transactions, finality p50 {p50} ms, p95 {p95} ms; "
        "differences between "
        "nodes: {differences}",
    ),
    "verified": (
        "Аудитор тізбекті тексерді: шығу коды {exit}, {seconds} с",
        "Аудитор проверил цепь: код выхода {exit}, {seconds} с",
        "The auditor verified the chain: exit {exit}, {seconds} s",
    ),
    "kept": (
        "Желі жұмысын жалғастырады; тоқтату: {command}",
        "Сеть продолжает работать; остановить: {command}",
        "The network goes on; to stop it: {command}",
    ),
    "urls": ("  {name}: {url}", "  {name}: {url}", "  {name}: {url}"),
    "command": ("  {command}", "  {command}", "  {command}"),
    "next": ("Енді көріңіз:", "Попробуйте дальше:", "Try next:"),
    "stopped": ("Тоқтатылды: {names}", "Остановлены: {names}", "Stopped: {names}"),
    "nothing": ("Жұмыс істеп тұрған түйін жоқ", "Работающих узлов нет", "No node was running"),
    "attack": (
        "{number}. {promised} — {seen}",
        "{number}. {promised} — {seen}",
        "{number}. {promised} — {seen}",
    ),
    "attack_done": (
        "Уәде етілгендей аяқталды: {count}",
        "Закончились, как обещано: {count}",
        "Ended as promised: all {count}",
    ),
    "attack_failed": (
        "Уәде етілгендей аяқталмағаны: {names}",
        "Не так, как обещано: {names}",
        "Not as promised: {names}",
    ),
}

_AMOUNT: Final = re.compile(r"[0-9]+\.[0-9]{2}")

_INDEX = {"kk": 0, "ru": 1, "en": 2}


INSTRUMENTS: Final[dict[str, dict[str, str]]] = {
    "resolution": {"kk": "Үкімет қаулысы", "ru": "постановление Правительства", "en": "resolution"},
    "law": {"kk": "заң", "ru": "закон", "en": "law"},
}
"""What a sequester is decided by (BC 97), in the languages of the lines."""


STATUS_NAMES: Final[dict[str, dict[str, str]]] = {
    "mof": {
        "kk": "Қаржы министрлігі мақұлдады",
        "ru": "одобрена Минфином",
        "en": "approved by the Ministry of Finance",
    },
    "government": {
        "kk": "Үкімет мақұлдады",
        "ru": "одобрена Правительством",
        "en": "approved by the Government",
    },
    "mazhilis": {"kk": "Мәжіліске енгізілді", "ru": "внесена в Мажилис", "en": "tabled in the Mazhilis"},
    "senate": {"kk": "Сенатқа енгізілді", "ru": "внесена в Сенат", "en": "tabled in the Senate"},
}
"""Statuses of a request after the consolidation (EQ), in the languages of the lines."""

YES: Final = {"kk": "иә", "ru": "да", "en": "yes"}
NO: Final = {"kk": "жоқ", "ru": "нет", "en": "no"}


def line(name: str, language: str, facts: dict[str, object]) -> str:
    """The line with its places filled; a fact may be said by language: {"kk": …, "ru": …, "en": …}."""
    text = LINES[name][_INDEX[language]]
    for key, value in facts.items():
        said = value.get(language, value.get("en")) if isinstance(value, Mapping) else value
        if isinstance(said, str) and _AMOUNT.fullmatch(said):
            said = grouped(said)
        text = text.replace("{" + key + "}", str(said))
    return text
