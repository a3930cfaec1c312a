"""What the command line itself says is wrong, in Kazakh and Russian; English stands where the error is made.

A message is known by its English pattern; the values of its places stay. What has no pattern here stays
English under a translated label, as `--help` does.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

PHRASES: Final[dict[str, tuple[str, str]]] = {
    # how a command is written
    "{message} (see {command} --help)": (
        "{message} ({command} --help қараңыз)",
        "{message} (см. {command} --help)",
    ),
    "No such command '{name}'. Did you mean {near}?": (
        "'{name}' командасы жоқ. Мүмкін, {near}?", "нет команды '{name}'. Возможно, {near}?",
    ),
    "No such command '{name}'.": ("'{name}' командасы жоқ.", "нет команды '{name}'."),
    "No such option '{name}'. Did you mean {near}?": (
        "'{name}' параметрі жоқ. Мүмкін, {near}?", "нет параметра '{name}'. Возможно, {near}?",
    ),
    "No such option '{name}'.": ("'{name}' параметрі жоқ.", "нет параметра '{name}'."),
    "Missing argument '{name}'.": ("'{name}' аргументі берілмеген.", "не указан аргумент '{name}'."),
    "Missing option '{name}'.": ("'{name}' параметрі берілмеген.", "не указан параметр '{name}'."),
    "Option '{name}' requires an argument.": (
        "'{name}' параметріне мән керек.", "параметру '{name}' нужно значение.",
    ),
    "Got unexpected extra argument ({name})": ("артық аргумент: {name}", "лишний аргумент: {name}"),
    "Got unexpected extra arguments ({name})": ("артық аргументтер: {name}", "лишние аргументы: {name}"),
    "Invalid value for '{name}': {message}": (
        "'{name}' мәні дұрыс емес: {message}", "неверное значение '{name}': {message}",
    ),
    "{value} is not one of {values}.": (
        "{value} мәні мыналардың бірі емес: {values}.",
        "{value} — не из {values}.",
    ),
    "{value} is not a valid {kind}.": ("{value} дұрыс емес ({kind}).", "{value} — неверно ({kind})."),
    "{value} is not in the range {range}.": (
        "{value} мына аралықта емес: {range}.",
        "{value} вне пределов {range}.",
    ),
    "{text}: write FIELD=VALUE": ("{text}: FIELD=VALUE деп жазыңыз", "{text}: пишите FIELD=VALUE"),
    "no key: give --sign-with KEYFILE": (
        "кілт жоқ: --sign-with KEYFILE беріңіз", "нет ключа: укажите --sign-with KEYFILE",
    ),
    "{name} is not known": ("{name} белгісіз", "не указано: {name}"),
    "no node is known: give --node URL, set EQZ_NODE, or `eqz profile set NAME node=URL`": (
        "түйін белгісіз: --node URL беріңіз, EQZ_NODE орнатыңыз немесе `eqz profile set NAME node=URL`",
        "узел не указан: --node URL, переменная EQZ_NODE или `eqz profile set NAME node=URL`",
    ),
    "no action {name}; `eqz tx actions` lists them": (
        "{name} әрекеті жоқ; тізімі: `eqz tx actions`", "нет действия {name}; список: `eqz tx actions`",
    ),
    # fields of a document
    "{path}: missing; {expected} expected": (
        "{path}: берілмеген; керегі: {expected}", "{path}: не указано; ожидается {expected}",
    ),
    "{path}: no such field; did you mean {near}?": (
        "{path}: мұндай өріс жоқ; мүмкін, {near}?", "{path}: нет такого поля; возможно, {near}?",
    ),
    "{path}: no such field; {name} has {fields}": (
        "{path}: мұндай өріс жоқ; {name} өрістері: {fields}",
        "{path}: нет такого поля; поля {name}: {fields}",
    ),
    "{path}: {found} found, a whole number expected": (
        "{path}: {found} берілген, бүтін сан керек", "{path}: указано {found}, ожидается целое число",
    ),
    "{path}: {found} found, {expected} expected": (
        "{path}: {found} берілген, керегі: {expected}", "{path}: указано {found}, ожидается {expected}",
    ),
    "{path}: {found} is not an amount in tenge, at most two digits after the point": (
        "{path}: {found} теңгедегі сома емес (нүктеден кейін екі таңбаға дейін)",
        "{path}: {found} — не сумма в тенге (после точки не больше двух знаков)",
    ),
    "{found} is not an amount in tenge, such as 1250000.50": (
        "{found} теңгедегі сома емес, мысалы 1250000.50", "{found} — не сумма в тенге, например 1250000.50",
    ),
    "{path}: {found} is not a date YYYY-MM-DD from 1970": (
        "{path}: {found} 1970 жылдан бергі YYYY-MM-DD күні емес",
        "{path}: {found} — не дата YYYY-MM-DD с 1970 года",
    ),
    "{path}: not JSON: {detail}": ("{path}: JSON емес: {detail}", "{path}: не JSON: {detail}"),
    "--set {setting}: write field=value": (
        "--set {setting}: field=value деп жазыңыз", "--set {setting}: пишите field=value",
    ),
    # files
    "{path} is not there": ("{path} файлы жоқ", "нет файла {path}"),
    "{path}: No such file or directory": (
        "{path}: мұндай файл не каталог жоқ",
        "{path}: нет такого файла или каталога",
    ),
    "{path}: Permission denied": ("{path}: рұқсат жоқ", "{path}: нет доступа"),
    "{path}: Is a directory": ("{path}: бұл каталог", "{path}: это каталог"),
    "{path} exists and is not overwritten": (
        "{path} бар, үстінен жазылмайды", "{path} уже есть и не перезаписывается",
    ),
    "{path} is empty": ("{path} бос", "{path} пуст"),
    # peers, certificates and settings of a node
    "the node of {path} is not running: it reads its settings when it starts": (
        "{path} түйіні жұмыс істемейді: ол баптауларын іске қосылғанда оқиды",
        "узел {path} не работает: он прочтёт настройки при запуске",
    ),
    "the node of {path} has not answered for {seconds} s": (
        "{path} түйіні {seconds} с бойы жауап бермеді", "узел {path} не ответил за {seconds} с",
    ),
    "{name} is not a peer": ("{name} көрші емес", "{name} — не сосед этого узла"),
    "{name} is a peer already, with another key or certificate": (
        "{name} басқа кілтпен немесе сертификатпен көрші болып тұр",
        "{name} уже сосед, с другим ключом или сертификатом",
    ),
    "{name} is this node itself": ("{name} — осы түйіннің өзі", "{name} — это сам узел"),
    "{name} belongs to the network {found}, this node to {own}": (
        "{name} {found} желісінен, бұл түйін {own} желісінен", "{name} из сети {found}, этот узел из {own}",
    ),
    "the certificate of {name} has SHA-256 {found}, expected {expected}": (
        "{name} сертификатының SHA-256: {found}, күтілгені {expected}",
        "у сертификата {name} SHA-256 {found}, ожидался {expected}",
    ),
    "{path} has hash {found}, expected {expected}": (
        "{path} хэші {found}, күтілгені {expected}", "у {path} хэш {found}, ожидался {expected}",
    ),
    "{path} is written in a form that this command does not change": (
        "{path} бұл команда өзгертпейтін түрде жазылған",
        "{path} записан в форме, которую эта команда не меняет",
    ),
    # tables of many rows
    "{wrong} of {rows} rows cannot be read; the first: {message}": (
        "{rows} жолдың {wrong} оқылмайды; біріншісі: {message}",
        "не читаются строки: {wrong} из {rows}; первая: {message}",
    ),
    "{path}: the rows have no field {name}; did you mean {near}?": (
        "{path}: жолдарда {name} өрісі жоқ; мүмкін, {near}?",
        "{path}: у строк нет поля {name}; возможно, {near}?",
    ),
    "{path}: the rows have no field {name}; they have {fields}": (
        "{path}: жолдарда {name} өрісі жоқ; бары: {fields}", "{path}: у строк нет поля {name}; есть {fields}",
    ),
    "{path}: no rows under the headings": (
        "{path}: тақырыптар астында жол жоқ", "{path}: под заголовками нет строк",
    ),
    "{path}: more than {count} rows": ("{path}: {count} жолдан көп", "{path}: больше {count} строк"),
    "{path}: column {name} has no heading": (
        "{path}: {name} бағанының тақырыбы жоқ", "{path}: у столбца {name} нет заголовка",
    ),
    "row {row} (line {line} of {file})": (
        "жол {row} ({file} файлының {line}-жолы)",
        "строка {row} (строка {line} файла {file})",
    ),
    "the first row": ("бірінші жол", "первая строка"),
    "line {line}": ("{line}-жол", "строка {line}"),
    # keys and signatures
    "nobody is there to confirm: without a terminal give --yes": (
        "растайтын адам жоқ: терминалсыз --yes беріңіз", "некому подтвердить: без терминала укажите --yes",
    ),
    "not confirmed; nothing was signed or sent": (
        "расталмады; ешнәрсеге қол қойылмады, ештеңе жіберілмеді",
        "не подтверждено; ничего не подписано и не отправлено",
    ),
    "no password for {path}: give --password-file or EQZ_PASSWORD_FILE (mode 0600)": (
        "{path} құпиясөзі жоқ: --password-file немесе EQZ_PASSWORD_FILE беріңіз (0600 режимі)",
        "нет пароля к {path}: укажите --password-file или EQZ_PASSWORD_FILE (режим 0600)",
    ),
    "{path}: the password is wrong or the file is not an encrypted key": (
        "{path}: құпиясөз қате немесе файл шифрланған кілт емес",
        "{path}: пароль неверен или файл — не зашифрованный ключ",
    ),
    "{path} has mode {mode}: others can read it; make it 0600 (chmod 600)": (
        "{path} режимі {mode}: басқалар оқи алады; 0600 қойыңыз (chmod 600)",
        "{path} имеет режим {mode}: его могут читать другие; поставьте 0600 (chmod 600)",
    ),
    "not submitted: {missing} of the signatures are missing (the document needs: {roles})": (
        "жіберілмеді: қолтаңбалар жетіспейді — {missing} (құжатқа керегі: {roles})",
        "не отправлено: не хватает подписей — {missing} (документу нужны: {roles})",
    ),
    "the key belongs to {institution}, the document to {other}": (
        "кілт {institution} мекемесінікі, құжат {other} мекемесінікі",
        "ключ принадлежит {institution}, документ — {other}",
    ),
    # nodes
    "no node answers: {nodes}": ("ешбір түйін жауап бермейді: {nodes}", "ни один узел не отвечает: {nodes}"),
    "{node}: no answer": ("{node}: жауап жоқ", "{node}: нет ответа"),
    "nothing was accepted: {nodes}": ("ештеңе қабылданбады: {nodes}", "ничего не принято: {nodes}"),
    "{url}: the node answers {status}": ("{url}: түйін жауабы: {status}", "{url}: узел отвечает {status}"),
    "interrupted; nothing was sent": ("үзілді; ештеңе жіберілмеді", "прервано; ничего не отправлено"),
    "interrupted while transaction {id} was on its way": (
        "{id} транзакциясы жолда болғанда үзілді", "прервано, когда транзакция {id} была в пути",
    ),
    "accepted, not final: eqz tx wait {id}": (
        "қабылданды, түпкілікті емес: eqz tx wait {id}", "принято, не окончательно: eqz tx wait {id}",
    ),
    "transaction {id} is not final yet (last seen: {status})": (
        "{id} транзакциясы әлі түпкілікті емес (соңғы күйі: {status})",
        "транзакция {id} ещё не окончательна (последнее состояние: {status})",
    ),
    # what to do
    "submit the same file again; it can enter only once": (
        "сол файлды қайта жіберіңіз; ол бір рет қана енеді",
        "отправьте тот же файл ещё раз; войти он может только однажды",
    ),
    "eqz tx sign {file} --sign-with KEY, then eqz tx submit {other}": (
        "eqz tx sign {file} --sign-with KEY, содан кейін eqz tx submit {other}",
        "eqz tx sign {file} --sign-with KEY, затем eqz tx submit {other}",
    ),
    "give --{name}, set {variable}, or `eqz profile set {rest}`": (
        "--{name} беріңіз, {variable} орнатыңыз немесе `eqz profile set {rest}`",
        "укажите --{name}, переменную {variable} или `eqz profile set {rest}`",
    ),
    "rename the column, or delete it; `eqz tx batch template`": (
        "бағанды қайта атаңыз не жойыңыз; `eqz tx batch template`",
        "переименуйте столбец или удалите его; `eqz tx batch template`",
    ),
    "see the column `{column}` of {file}; put it right there and build that file": (
        "{file} файлының `{column}` бағанын қараңыз; сол жерде түзетіп, сол файлды жинаңыз",
        "смотрите столбец `{column}` файла {file}; исправьте там и соберите этот файл",
    ),
    "split the file": ("файлды бөліңіз", "разделите файл"),
    # archives of institutions
    "no block log is among the archives: who may vote at a height stands there": (
        "мұрағаттар арасында блоктар журналы жоқ: биіктікте кім дауыс беретіні сонда жазылған",
        "среди архивов нет журнала блоков: кто голосует на высоте, записано в нём",
    ),
    "give the blocks/ of one node at least, beside the votes/ of all": (
        "барлығының votes/ каталогымен бірге кемінде бір түйіннің blocks/ каталогын беріңіз",
        "дайте blocks/ хотя бы одного узла, кроме votes/ всех",
    ),
    "the archives belong to different networks: {names}": (
        "мұрағаттар әртүрлі желілердікі: {names}", "архивы принадлежат разным сетям: {names}",
    ),
    "{path}: its genesis is not the one its files are marked with": (
        "{path}: генезисі файлдар белгіленген генезис емес", "{path}: генезис не тот, которым помечены файлы",
    ),
    "{path}: neither a node's directory nor its votes/ or blocks/": (
        "{path}: түйін каталогы да, оның votes/ немесе blocks/ каталогы да емес",
        "{path}: не каталог узла и не его votes/ или blocks/",
    ),
    "FIELD=VALUE narrows the list of the chain, not --archive": (
        "FIELD=VALUE тізбектің тізімін тарылтады, --archive емес",
        "FIELD=VALUE сужает список цепочки, а не --archive",
    ),
}  # fmt: skip
"""English pattern -> Kazakh, Russian. The first that fits counts; `message` is looked up in its turn."""

_INDEX: Final = {"kk": 0, "ru": 1}


def phrase(text: str, language: str) -> str:
    """The message in the language; English, or when no pattern fits, as it is."""
    if language not in _INDEX:
        return text
    for pattern, known in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            places = found.groupdict()
            if "message" in places:
                places["message"] = phrase(places["message"], language)
            return known[_INDEX[language]].format(**places)
    return text


@cache
def _patterns() -> list[tuple[re.Pattern[str], tuple[str, str]]]:
    """Each English text as an expression with a group for every place."""
    found = []
    for english, known in PHRASES.items():
        parts = re.split(r"\{(\w+)\}", english)
        expression = "".join(
            f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts)
        )
        found.append((re.compile(expression, re.DOTALL), known))
    return found
