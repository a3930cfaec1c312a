"""What each attack promises and what it saw, in Kazakh, Russian and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cli.demo.texts import NO, YES

LANGUAGES: Final = ("kk", "ru", "en")

Texts = tuple[str, str, str]

ATTACK_TEXTS: Final[dict[str, tuple[Texts, Texts]]] = {
    "overspend": (
        (
            "Жоспардан асыра жұмсау: 5 кодымен бап аталып бас тартылуы тиіс",
            "Превышение плана: отказ с кодом 5 и статьёй",
            "An overspend: it must be refused with 5 and the article",
        ),
        (
            "код {exit}, {code} ({article})",
            "код {exit}, {code} ({article})",
            "exit {exit}, {code} ({article})",
        ),
    ),
    "one_stopped": (
        (
            "Бір түйін тоқтатылды: желі жұмысын жалғастыруы тиіс",
            "Остановлен один узел: сеть должна продолжать",
            "One node stopped: the network must go on",
        ),
        (
            "биіктік {before} → {after}, құжат {document}; түйін қайтты, келісе ме: {agrees}",
            "высота {before} → {after}, документ {document}; узел вернулся, согласен: {agrees}",
            "height {before} to {after}, document {document}; the node came back and agrees: {agrees}",
        ),
    ),
    "two_stopped": (
        (
            "Екі түйін тоқтатылды: желі тоқтауы, тармақталмауы, қайтқанда жалғасуы тиіс",
            "Остановлены два узла: сеть должна встать без развилки и продолжить, когда они вернутся",
            "Two nodes stopped: it must halt without a fork, and go on when they return",
        ),
        (
            "биіктіктер {before} → {halted}; кейін құжат {healed}, түбірлер тең: {agrees}",
            "высоты {before} → {halted}; потом документ {healed}, корни равны: {agrees}",
            "heights {before} to {halted}; then the document was {healed}, roots are equal: {agrees}",
        ),
    ),
    "flipped_byte": (
        (
            "Блоктар журналының көшірмесінде бір байт өзгертілді: тексеруші 9 кодымен блокты атауы тиіс",
            "Изменён один байт копии журнала блоков: проверка должна дать 9 и назвать блок",
            "One byte of a copy of a block log flipped: the verifier must end with 9 and name the block",
        ),
        (
            "байт {byte}: код {exit}, биіктік {height}",
            "байт {byte}: код {exit}, высота {height}",
            "byte {byte}: exit {exit}, height {height}",
        ),
    ),
    "kills": (
        (
            "Жүктеме кезінде түйіндер kill -9 арқылы құлатылды: расталған құжат жоғалмауы, биіктік кері "
            "кетпеуі тиіс",
            "Узлы под нагрузкой убиты kill -9: ни один подтверждённый документ не потерян, высота не идёт "
            "назад",
            "Nodes felled with kill -9 under load: no confirmed document is lost, no height goes back",
        ),
        (
            "құлату {kills}, расталған {confirmed}, жоғалған {lost}, кері кеткен {went_back}, түбірлер тең: "
            "{agrees}, дауыс береді {voting}/{nodes}",
            "убийств {kills}, подтверждено {confirmed}, потеряно {lost}, назад {went_back}, корни равны: "
            "{agrees}, голосуют {voting} из {nodes}",
            "{kills} kills, {confirmed} confirmed, {lost} lost, {went_back} went back, roots are equal: "
            "{agrees}, {voting} of {nodes} vote",
        ),
    ),
    "all_killed": (
        (
            "Барлық түйін бір сәтте құлатылды: бәрі қайта тұрып, жалғастыруы тиіс",
            "Все узлы убиты в один миг: поднимаются и продолжают, ничего не потеряв",
            "All nodes felled at the same moment: they come back and go on, with nothing lost",
        ),
        (
            "расталған {confirmed}, жоғалған {lost}, биіктік {before} → {after}, түбірлер тең: {agrees}, "
            "дауыс береді {voting}/{kills}",
            "подтверждено {confirmed}, потеряно {lost}, высота {before} → {after}, корни равны: {agrees}, "
            "голосуют {voting} из {kills}",
            "{confirmed} confirmed, {lost} lost, height {before} to {after}, roots are equal: {agrees}, "
            "{voting} of {kills} vote",
        ),
    ),
    "partition": (
        (
            "Желі екі және екіге бөлінді: ешқайсысы шешім қабылдамауы, қосылғанда екі құжат та кіруі тиіс",
            "Сеть разрезана два на два: ни одна сторона не решает; когда связь вернулась, входят оба "
            "документа",
            "The network is cut two and two: neither side decides; when it heals both documents enter",
        ),
        (
            "байланыс {links}, биіктіктер {before} → {during}, құжаттар {documents}, кейін {healed}; "
            "түбірлер тең: {agrees}",
            "связей {links}, высоты {before} → {during}, документы {documents}, потом {healed}; корни равны: "
            "{agrees}",
            "links {links}, heights {before} to {during}, documents {documents}, then {healed}; roots are "
            "equal: {agrees}",
        ),
    ),
    "damaged_log": (
        (
            "Түйіннің өз журналында байт өзгертілді: тексеруші 9 береді, түйін блокты басқалардан алып "
            "түзейді",
            "Изменён байт в журнале самого узла: проверка даёт 9, узел берёт блок у других и чинит себя",
            "A byte of a node's own log flipped: the verifier ends with 9, the node mends it from the others",
        ),
        (
            "код {exit}, биіктік {height}; байқады: {noticed}, түзегеннен кейін код {exit_after}, келісе ме: "
            "{agrees}, дауыс береді: {votes}",
            "код {exit}, высота {height}; замечено: {noticed}, после починки код {exit_after}, согласен: "
            "{agrees}, голосует: {votes}",
            "exit {exit}, height {height}; noticed: {noticed}, mended: exit {exit_after}, agrees: {agrees}, "
            "votes: {votes}",
        ),
    ),
    "full_disk": (
        (
            "Диск толды: түйін қол қоюды тоқтатып, ілесуі, орын босағанда қайта іске қоспай дауыс беруі тиіс",
            "Диск полон: узел перестаёт подписывать и следует, а с местом голосует снова без перезапуска",
            "The disk fills: the node stops signing and follows; with space it votes again, not restarted",
        ),
        (
            "бос {free_mib} МиБ, қор {reserve_mib}: {reason}, дауыс береді: {votes_while_full}, құжат "
            "{document}, ілесті: {followed}; кейін дауыс береді: {votes_again}",
            "свободно {free_mib} МиБ, резерв {reserve_mib}: {reason}, голосует: {votes_while_full}, документ "
            "{document}, следует: {followed}; потом голосует: {votes_again}",
            "{free_mib} MiB free, reserve {reserve_mib}: {reason}, votes: {votes_while_full}, document "
            "{document}, followed: {followed}; then votes: {votes_again}",
        ),
    ),
    "liar": (
        (
            "Валидатор екі мазмұнға қол қойып, жалған блок ұсынды: дәлел тізбекте аталуы, жалғаны өтпеуі "
            "тиіс",
            "Валидатор подписал два содержания и предложил поддельные блоки: он назван на цепи, подделка не "
            "прошла",
            "A validator signed two contents and offered forged blocks: it is named on the chain, no forgery "
            "passes",
        ),
        (
            "аталғаны {named}, бас тартулар {turned_away}, сенген түйіндер {spread}; биіктік {before} → "
            "{after}, түбірлер тең: {agrees}",
            "назван {named}, отказов {turned_away}, поверивших узлов {spread}; высота {before} → {after}, "
            "корни равны: {agrees}",
            "named {named}, turned away {turned_away} times, believed by {spread} nodes; height {before} to "
            "{after}, roots are equal: {agrees}",
        ),
    ),
    "lost_journal": (
        (
            "Дауыстар журналы жоғалды: кілт дауыс бермейді; дауыс берумен жаңа кілт енгізіледі",
            "Журнал голосов потерян: ключ молчит; новый ключ вводится голосованием, и узел снова голосует",
            "The journal of votes is lost: the key is silent; a new one is enrolled by ballot and votes",
        ),
        (
            "{reason}, дауыс береді: {votes_without}, ілесті: {followed}; дауыс беру {ballot}, жаңа кілт "
            "дауыс береді: {votes_again}, ескісі шықты: {is_old_key_out}",
            "{reason}, голосует: {votes_without}, следует: {followed}; голосование {ballot}, новый ключ "
            "голосует: {votes_again}, старый выведен: {is_old_key_out}",
            "{reason}, votes: {votes_without}, followed: {followed}; ballot {ballot}, the new key votes: "
            "{votes_again}, the old one is out: {is_old_key_out}",
        ),
    ),
}
"""Attack -> what is promised, what was seen; `{name}` places are filled with what the judge was shown."""


def promised(name: str) -> dict[str, str]:
    """By language."""
    return dict(zip(LANGUAGES, ATTACK_TEXTS[name][0], strict=True))


def seen(name: str, facts: Mapping[str, Any]) -> dict[str, str]:
    """By language, with the facts in their places."""
    return {
        language: _filled(text, facts, language)
        for language, text in zip(LANGUAGES, ATTACK_TEXTS[name][1], strict=True)
    }


def _filled(text: str, facts: Mapping[str, Any], language: str) -> str:
    for name, value in facts.items():
        text = text.replace("{" + name + "}", _said(value, language))
    return text


def _said(value: Any, language: str) -> str:
    if isinstance(value, bool):
        return (YES if value else NO)[language]
    if isinstance(value, tuple):
        return " ".join(_said(one, language) for one in value) or "—"
    return "—" if value is None else str(value)
