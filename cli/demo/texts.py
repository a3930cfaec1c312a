"""What the demonstration says, in Kazakh, Russian and English. `{name}` places are filled with facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
    "statuses": (
        "2026 жылғы алты мәртебе, теңге:",
        "Шесть статусов 2026 года, тенге:",
        "The six statuses of 2026, tenge:",
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
    "attack_one": (
        "1. Бір түйін тоқтатылды: желі жұмысын жалғастыруы тиіс — {seen}",
        "1. Остановлен один узел: сеть должна продолжать — {seen}",
        "1. One node stopped: the network must go on — {seen}",
    ),
    "attack_two": (
        "2. Екі түйін тоқтатылды: желі тоқтауы, тармақталмауы тиіс — {seen}",
        "2. Остановлены два узла: сеть должна встать без развилки — {seen}",
        "2. Two nodes stopped: it must halt without a fork — {seen}",
    ),
    "attack_byte": (
        "3. Блоктар журналында бір байт өзгертілді: тексеруші 9 кодымен блокты атауы тиіс — {seen}",
        "3. Изменён один байт журнала блоков: проверка должна дать 9 и назвать блок — {seen}",
        "3. One byte of a block log flipped: the verifier must end with 9 and name the block — {seen}",
    ),
    "attack_overspend": (
        "4. Жоспардан асыра жұмсау: 5 кодымен бап аталып бас тартылуы тиіс — {seen}",
        "4. Превышение плана: отказ с кодом 5 и статьёй — {seen}",
        "4. An overspend: it must be refused with 5 and the article — {seen}",
    ),
    "attack_done": (
        "Төртеуі де уәде етілгендей аяқталды",
        "Все четыре закончились, как обещано",
        "All four ended as promised",
    ),
    "attack_failed": (
        "Уәде етілгендей аяқталмағаны: {names}",
        "Не так, как обещано: {names}",
        "Not as promised: {names}",
    ),
}

_INDEX = {"kk": 0, "ru": 1, "en": 2}


INSTRUMENTS: Final[dict[str, dict[str, str]]] = {
    "resolution": {"kk": "Үкімет қаулысы", "ru": "постановление Правительства", "en": "resolution"},
    "law": {"kk": "заң", "ru": "закон", "en": "law"},
}
"""What a sequester is decided by (BC 97), in the languages of the lines."""


def line(name: str, language: str, facts: dict[str, object]) -> str:
    """The line with its places filled; a fact may be said by language: {"kk": …, "ru": …, "en": …}."""
    text = LINES[name][_INDEX[language]]
    for key, value in facts.items():
        said = value.get(language, value.get("en")) if isinstance(value, Mapping) else value
        text = text.replace("{" + key + "}", str(said))
    return text
