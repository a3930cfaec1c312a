"""What may be wrong with a node, by stable code: how bad it is, in three languages, and what to do.

The node says it under /health/ready, `eqz node doctor` prints it, docs/operating.md lists it; the tests hold
the three together. Texts have places `{name}` for the facts of a finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Fact = int | str
LANGUAGES: Final = ("kk", "ru", "en")


@dataclass(frozen=True, slots=True)
class Kind:
    """`severity`: critical wants a person now, warning soon, info never. `blocks`: nobody should be sent to
    the node meanwhile (503)."""

    severity: str
    blocks: bool
    texts: tuple[str, str, str]
    remedies: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong now."""

    code: str
    facts: tuple[tuple[str, Fact], ...] = ()

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]

    def text(self, language: str = "en") -> str:
        return _filled(self.kind.texts[LANGUAGES.index(language)], dict(self.facts))

    def remedy(self, language: str = "en") -> str:
        return _filled(self.kind.remedies[LANGUAGES.index(language)], dict(self.facts))


def finding(code: str, **facts: Fact) -> Finding:
    """A finding of a code that is in the table."""
    assert code in KINDS, f"{code} is in no table"
    return Finding(code, tuple(facts.items()))


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """As a person at night wants to read them."""
    return sorted(findings, key=lambda one: SEVERITIES.index(one.kind.severity))


SEVERITIES: Final = ("critical", "warning", "info")


def _filled(text: str, facts: Mapping[str, Fact]) -> str:
    for name, value in facts.items():
        text = text.replace("{" + name + "}", str(value))
    return text


KINDS: Final[dict[str, Kind]] = {
    "NO-QUORUM": Kind(
        "critical", True,
        (
            "{validators} валидатордың {heard} естіледі, өз дауысы қоса: кворум жоқ",
            "слышно валидаторов, со своим голосом: {heard} из {validators}, кворума нет",
            "{heard} of {validators} validators are heard, own votes included: no quorum",
        ),
        (
            "желіні, брандмауэрді, сертификаттардың мерзімін және көршілердің түйіндерін тексеріңіз",
            "проверьте линию, межсетевой экран, сроки сертификатов и узлы соседей",
            "check the line, the firewall, the certificates' dates and the other members' nodes",
        ),
    ),
    "CATCHING-UP": Kind(
        "info", True,
        (
            "қуып жету: биіктік {height}, көршілер {claim} дейді",
            "догоняет: высота {height}, соседи называют {claim}",
            "catching up: height {height}, peers claim {claim}",
        ),
        (
            "күтіңіз: өзі өтеді; биіктік өспесе, жазбаны қараңыз",
            "ждать: проходит само; если высота не растёт, смотреть журнал",
            "wait: it passes by itself; when the height does not grow, read the log",
        ),
    ),
    "ROUNDS": Kind(
        "warning", True,
        (
            "{height} биіктігі {round}-раундта",
            "высота {height} в раунде {round}",
            "height {height} is in round {round}",
        ),
        (
            "басқа түйіндердің күйін және сағаттарды қараңыз: біреуі жоқ, баяу немесе сағаты қате",
            "посмотреть состояние других узлов и часы: кого-то нет, кто-то медлит или часы неверны",
            "look at the other nodes and at the clocks: one is down, slow, or wrong in time",
        ),
    ),
    "DISK-RESERVE": Kind(
        "critical", True,
        (
            "дискіде {free_mib} МиБ бос, қор {reserve_mib} МиБ: түйін дауыс бермейді, тек ілеседі",
            "на диске свободно {free_mib} МиБ, резерв {reserve_mib} МиБ: узел не голосует, только следует",
            "{free_mib} MiB free on the disk, the reserve is {reserve_mib} MiB: the node follows, and does "
            "not vote",
        ),
        (
            "орын босатыңыз: {resume_mib} МиБ болғанда өзі қайта дауыс береді, қайта іске қосудың қажеті жоқ",
            "освободить место: с {resume_mib} МиБ голосует снова сам, перезапуск не нужен",
            "free some space: from {resume_mib} MiB on it votes again by itself, without a restart",
        ),
    ),
    "DISK-FLOOR": Kind(
        "critical", True,
        (
            "дискіде {free_mib} МиБ бос: түйін ештеңе жазбайды, құжат қабылдамайды, бары туралы жауап береді",
            "на диске свободно {free_mib} МиБ: узел ничего не пишет и не берёт документов, отвечает о том, "
            "что есть",
            "{free_mib} MiB free on the disk: the node writes nothing and takes no documents, it answers "
            "about what it has",
        ),
        (
            "дереу орын босатыңыз: {resume_mib} МиБ болғанда өзі қуып жетіп, дауыс береді",
            "срочно освободить место: с {resume_mib} МиБ сам догонит и голосует",
            "free some space now: from {resume_mib} MiB on it has caught up and votes, by itself",
        ),
    ),
    "CLOCK": Kind(
        "warning", False,
        (
            "осы машинаның сағаты басқалардікінен {offset_ms} мс ерекшеленеді (рұқсат {precision_ms} мс)",
            "часы этой машины отличаются от чужих на {offset_ms} мс (допуск {precision_ms} мс)",
            "this machine's clock differs from the others' by {offset_ms} ms ({precision_ms} ms are allowed)",
        ),
        (
            "chrony немесе systemd-timesyncd күйін тексеріңіз",
            "проверить chrony или systemd-timesyncd",
            "check chrony or systemd-timesyncd",
        ),
    ),
    "CERTIFICATE-ENDS": Kind(
        "warning", False,
        (
            "{name} сертификатының бітуіне {days} күн қалды",
            "сертификат {name} действует ещё {days} дн.",
            "the certificate of {name} ends in {days} days",
        ),
        (
            "docs/operating.md, Certificates бойынша ауыстырыңыз, түйінді тоқтатпай",
            "заменить по docs/operating.md, Certificates, не останавливая узел",
            "replace it as docs/operating.md, Certificates, says, without stopping the node",
        ),
    ),
    "CERTIFICATE-ENDED": Kind(
        "critical", False,
        (
            "{name} сертификатының мерзімі бітті: бұл түйінмен байланыс жоқ",
            "сертификат {name} просрочен: с этим узлом связи нет",
            "the certificate of {name} has expired: there is no link to that node",
        ),
        (
            "docs/operating.md, Certificates бойынша дереу ауыстырыңыз",
            "срочно заменить по docs/operating.md, Certificates",
            "replace it now, as docs/operating.md, Certificates, says",
        ),
    ),
    "LAWS-BROKEN": Kind(
        "critical", False,
        (
            "күйде бюджеттің {count} заңы бұзылған (соңғы қайта санау)",
            "в состоянии нарушено законов бюджета: {count} (последний пересчёт)",
            "{count} laws of the budget do not hold in the state (the last recount)",
        ),
        (
            "төлемдерді тоқтатыңыз, eqz-verify chain іске қосыңыз, ережелерді жүргізушіге хабарлаңыз",
            "остановить платежи, запустить eqz-verify chain, сообщить тем, кто ведёт правила",
            "stop paying, run eqz-verify chain, call whoever maintains the rules",
        ),
    ),
    "KEY-NONE": Kind(
        "info", False,
        (
            "бұл түйінде валидатор кілті жоқ: ол тек ілеседі",
            "у узла нет ключа валидатора: он только следует",
            "this node has no validator key: it follows",
        ),
        ("ештеңе қажет емес", "ничего не нужно", "nothing is needed"),
    ),
    "KEY-NOT-ENROLLED": Kind(
        "warning", False,
        (
            "бұл кілт валидатордікі емес (немесе әлі емес)",
            "этот ключ не (или ещё не) принадлежит валидатору",
            "this key is not (or not yet) a validator's",
        ),
        (
            "eqz network ballots: кілт туралы дауыс беру шешілді ме? шешімнен кейінгі екінші блоктан бастап",
            "eqz network ballots: решено ли голосование о ключе? голосует со второго блока после решения",
            "eqz network ballots: is the ballot on the key decided? it votes from the second block after",
        ),
    ),
    "KEY-JOURNAL": Kind(
        "critical", False,
        (
            "бұл кілт дауыс бермейді: {detail}",
            "этот ключ не голосует: {detail}",
            "this key does not vote: {detail}",
        ),
        (
            "журналды ешқашан қалпына келтірмеңіз; docs/operating.md, A new validator key",
            "журнал не восстанавливать никогда; docs/operating.md, A new validator key",
            "never restore the journal; docs/operating.md, A new validator key",
        ),
    ),
    "KEY-RETIRED": Kind(
        "critical", False,
        (
            "бұл кілт енді ешқашан дауыс бермейді: {detail}",
            "этот ключ больше никогда не голосует: {detail}",
            "this key never votes again: {detail}",
        ),
        (
            "кілт екі жерде жұмыс істемей ме? docs/operating.md, A new validator key",
            "не работает ли ключ в двух местах? docs/operating.md, A new validator key",
            "does the key run in two places? docs/operating.md, A new validator key",
        ),
    ),
    # what `eqz node doctor` alone can see
    "GENESIS-OTHER": Kind(
        "critical", False,
        (
            "{found}, node.toml бойынша {expected}: басқа желінің генезисі",
            "{found}, в node.toml {expected}: генезис другой сети",
            "{found}, node.toml says {expected}: another network's genesis",
        ),
        (
            "қатысушылар салыстырған файлды қойыңыз",
            "положить файл, который сверяли участники",
            "put the file that the members compared in its place",
        ),
    ),
    "FILE-UNREADABLE": Kind(
        "critical", False,
        ("{detail} (файл оқылмайды)", "{detail} (файл не читается)", "{detail}"),
        (
            "файлды қалпына келтіріңіз; docs/operating.md, What a node is",
            "вернуть файл на место; docs/operating.md, What a node is",
            "put the file back; docs/operating.md, What a node is",
        ),
    ),
    "CERTIFICATE-PIN": Kind(
        "critical", False,
        ("{detail} (сертификат сәйкес емес)", "{detail} (сертификат не тот)", "{detail}"),
        (
            "сол мекемеден қай сертификат өздерінікі екенін сұраңыз",
            "спросить то учреждение, какой сертификат его",
            "ask that institution which certificate is theirs",
        ),
    ),
    "FILE-MODE": Kind(
        "critical", False,
        (
            "{name}: режимі {mode}, басқалар оқи алады",
            "{name}: режим {mode}, могут читать другие",
            "{name}: mode {mode}, others can read it",
        ),
        ("chmod 600 {name}", "выполнить chmod 600 {name}", "do chmod 600 {name}"),
    ),
    "NOT-RUNNING": Kind(
        "critical", False,
        (
            "{path} жоқ: түйін жұмыс істемейді; іске қосылған болса, жазбасының соңғы жолы себебін айтады",
            "нет {path}: узел не работает; если его запускали, последняя строка его журнала говорит почему",
            "{path} is not there: the node is not running; if it was started, the last line of its log says "
            "why it ended",
        ),
        (
            "systemctl start eqazyna; docs/operating.md, Fatal messages",
            "запустить: systemctl start eqazyna; docs/operating.md, Fatal messages",
            "start it: systemctl start eqazyna; docs/operating.md, Fatal messages",
        ),
    ),
    "NOT-ANSWERING": Kind(
        "critical", False,
        (
            "{url} жауап бермейді; жазбасының соңғы жолы неге аяқталғанын айтады",
            "{url} не отвечает; последняя строка журнала говорит, почему он закончился",
            "{url} does not answer; the last line of its log says why it ended",
        ),
        (
            "жазбаны оқыңыз: journalctl -u eqazyna -n 5",
            "прочесть журнал: journalctl -u eqazyna -n 5",
            "read the log: journalctl -u eqazyna -n 5",
        ),
    ),
}  # fmt: skip
