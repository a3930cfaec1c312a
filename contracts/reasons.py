"""Every ground of refusal: the catalogue behind `eqz rule list`.

Codes name the article where the law has one (TP218-07: Treasury Procedures, item 218, sub-item 7) and the
ledger's own area otherwise. A code never changes its meaning and is never given again.
"""

from __future__ import annotations

from typing import Final

from contracts.rejection import Reason

CATALOGUE: Final[dict[str, Reason]] = {}


def _reason(code: str, article: str, kk: str, ru: str, en: str, remedy: str) -> Reason:
    assert code not in CATALOGUE, f"code {code} is given twice"
    CATALOGUE[code] = Reason(code, article, kk, ru, en, remedy)
    return CATALOGUE[code]


# --- the envelope of every document (docs/formats.md, "Transaction")

FOREIGN_CHAIN = _reason(
    "TX-CHAIN", "formats: Transaction",
    "құжат басқа желіге арналған", "документ составлен для другой сети",
    "the document is for another network",
    "build the document again with the profile of this network",
)  # fmt: skip
UNKNOWN_ACTION = _reason(
    "TX-ACTION", "formats: Transaction",
    "белгісіз әрекет: {action}, нұсқа {version}", "неизвестное действие: {action}, версия {version}",
    "unknown action {action}, version {version}",
    "update the program, or choose an action that `eqz tx build --help` lists",
)  # fmt: skip
BAD_ARGUMENTS = _reason(
    "TX-ARGUMENTS", "formats: Transaction",
    "құжат деректемелері әрекеттің үлгісіне сай емес: {found}",
    "реквизиты документа не соответствуют форме действия: {found}",
    "the document's fields do not fit the action: {found}",
    "correct the named field",
)  # fmt: skip
TOO_LARGE = _reason(
    "TX-SIZE", "formats: Canonical MessagePack profile, 6",
    "құжат тым үлкен: {size_bytes} байт, шегі {limit_bytes}",
    "документ слишком велик: {size_bytes} байт при пределе {limit_bytes}",
    "the document has {size_bytes} bytes, the limit is {limit_bytes}",
    "split the document",
)  # fmt: skip
TOO_COSTLY = _reason(
    "TX-COST", "formats: Transaction",
    "құжат тым көп жазбаны өзгертеді: {keys}, шегі {limit}",
    "документ изменяет слишком много записей: {keys} при пределе {limit}",
    "the document changes {keys} records, the limit is {limit}",
    "split the document into parts",
)  # fmt: skip
BLOCK_FULL = _reason(
    "BLOCK-COST", "formats: Transaction",
    "блок шегінен асады", "превышен предел блока", "the block costs more than its limit",
    "nothing is lost: the document waits for the next block",
)  # fmt: skip
EXPIRED = _reason(
    "TX-EXPIRED", "formats: Transaction",
    "құжаттың мерзімі өтті", "срок действия документа истёк",
    "the document expired: valid until {valid_until_ms}, block time {time_ms}",
    "build and sign the document again; the same client id may be used",
)  # fmt: skip
TOO_FAR = _reason(
    "TX-WINDOW", "formats: Transaction",
    "құжаттың мерзімі рұқсат етілгеннен ұзақ", "срок действия документа дальше допустимого",
    "the document is valid until {valid_until_ms}, later than the replay window allows ({limit_ms})",
    "build the document again with a shorter validity",
)  # fmt: skip
REPLAYED = _reason(
    "TX-REPLAY", "formats: Transaction",
    "бұл client id қолданылған: {first}", "этот client id уже использован: {first}",
    "this client id was used by transaction {first} at height {height}",
    "nothing is lost: ask for the status of that transaction",
)  # fmt: skip
UNKNOWN_INSTITUTION = _reason(
    "ID-INSTITUTION", "budget-machine 1",
    "мекеме тіркелмеген немесе жабық: {institution}",
    "учреждение не зарегистрировано или закрыто: {institution}",
    "institution {institution} is not registered or is closed",
    "check the institution's id; a new institution is added by a ballot of the members",
)  # fmt: skip
WRONG_KIND = _reason(
    "ID-KIND", "budget-machine 1",
    "{institution} ({kind}) бұл әрекетті жасай алмайды: {action}",
    "учреждение {institution} ({kind}) не вправе совершать действие {action}",
    "{institution} ({kind}) may not do {action}; it is for: {permitted}",
    "have the document made by an institution of the named kind",
)  # fmt: skip
UNKNOWN_SIGNER = _reason(
    "ID-SIGNER", "formats: Keys and signatures",
    "қол қоюшы тіркелмеген: {signer}", "подписант не зарегистрирован: {signer}",
    "signer {signer} is not registered",
    "the head of the institution registers signers with signer.add",
)  # fmt: skip
REVOKED_SIGNER = _reason(
    "ID-REVOKED", "formats: Keys and signatures",
    "қол қоюшының кілті кері қайтарылған: {signer}", "ключ подписанта отозван: {signer}",
    "the key of signer {signer} was revoked at height {height}",
    "sign with a key that is in force",
)  # fmt: skip
FOREIGN_SIGNER = _reason(
    "ID-FOREIGN", "budget-machine 1",
    "қол қоюшы {signer} басқа мекемеден: {found}", "подписант {signer} состоит в другом учреждении: {found}",
    "signer {signer} belongs to {found}, the document to {institution}",
    "have a person of {institution} sign",
)  # fmt: skip
WRONG_SIGNERS = _reason(
    "ID-ROLES", "TP 238(25), budget-machine 1",
    "қажетті қолдар: {required}; бар қолдар: {found}", "нужны подписи: {required}; есть: {found}",
    "the document needs one signature each of {required}, by different people; found: {found}",
    "have exactly the named roles sign, each another person",
)  # fmt: skip
BAD_SIGNATURE = _reason(
    "ID-SIGNATURE", "formats: Keys and signatures",
    "қолтаңба жарамсыз: {signer}", "подпись недействительна: {signer}",
    "the signature of signer {signer} is not valid",
    "sign the document again; it was changed after signing, or another key was used",
)  # fmt: skip
NO_OPEN_DAY = _reason(
    "DAY-NONE", "budget-machine 4",
    "қазынашылық операциялық күнді ашқан жоқ", "казначейство ещё не открыло операционный день",
    "the treasury has not opened an operational day",
    "wait for treasury.open_day",
)  # fmt: skip

# --- directories

DIRECTORY_EDITS_PAST = _reason(
    "DIR-PAST", "BC 10, budget-machine 2",
    "анықтамалықтың өткен кезеңі өзгертілмейді: {directory} {code}, {starts} күні {earliest} күнінен ерте",
    "справочник не правится задним числом: {directory} {code}, начало {starts} раньше {earliest}",
    "the past of a directory is never edited: {directory} {code} would start on {starts}, "
    "the earliest is {earliest}",
    "start the new version on the named day or later",
)  # fmt: skip
DIRECTORY_DATES = _reason(
    "DIR-DATES", "budget-machine 2",
    "жазба басталмай тұрып аяқталады: {directory} {code}, {starts} – {ends}",
    "запись оканчивается раньше, чем начинается: {directory} {code}, {starts} – {ends}",
    "the entry ends before it starts: {directory} {code}, {starts} to {ends}",
    "correct the dates of the row",
)  # fmt: skip
DIRECTORY_TWICE = _reason(
    "DIR-TWICE", "budget-machine 2",
    "код құжатта екі рет берілген: {code}", "код указан в документе дважды: {code}",
    "the code {code} stands twice in the document",
    "keep one row for each code, or publish the second version with another document",
)  # fmt: skip
DIRECTORY_ATTRIBUTES = _reason(
    "DIR-ATTRIBUTES", "formats: State records",
    "атрибуттар атауы бойынша реттелмеген: {code}", "реквизиты не упорядочены по именам: {code}",
    "the attributes of {code} are not strictly increasing by name",
    "sort the attributes by name, each once",
)  # fmt: skip
DIRECTORY_FULL = _reason(
    "DIR-VERSIONS", "formats: State records",
    "кодтың нұсқалары тым көп: {code}, шегі {limit}", "у кода слишком много версий: {code}, предел {limit}",
    "the code {code} has {limit} versions already",
    "give the entry a new code",
)  # fmt: skip
CODE_UNKNOWN = _reason(
    "CODE-UNKNOWN", "TP 218(2), TP 236",
    "{directory} анықтамалығында мұндай код жоқ: {code} ({field})",
    "в справочнике {directory} нет кода {code} ({field})",
    "the directory {directory} has no code {code} ({field})",
    "take a code from `eqz directory show`; a new code is published by the authorised body",
)  # fmt: skip
CODE_CLOSED = _reason(
    "CODE-CLOSED", "BC 10, TP 218(2)",
    "код {day} күні қолданылмайды: {directory} {code} ({field})",
    "код не действует на операционный день {day}: {directory} {code} ({field})",
    "the code {code} of the directory {directory} is not in force on {day} ({field})",
    "take a code in force on the operational day",
)  # fmt: skip

# --- the operational day and suspensions (contracts/treasury.py)

DAY_BACK = _reason(
    "DAY-BACK", "budget-machine 4",
    "операциялық күн тек алға жылжиды: ашық күн {open}, берілгені {day}",
    "операционный день открывается только вперёд: открыт {open}, указан {day}",
    "the operational day moves only forward: {open} is open, {day} was given",
    "open a later day",
)  # fmt: skip
DAY_FAR = _reason(
    "DAY-FAR", "budget-machine 4",
    "операциялық күн тым алыс: ашық күн {open}, берілгені {day}",
    "операционный день слишком далеко: открыт {open}, указан {day}",
    "{day} is more than {limit} days after the open day {open}, and a day can never be taken back",
    "check the year of the date",
)  # fmt: skip
SCOPE_FIELDS = _reason(
    "SUSP-SCOPE", "BC 111, TP 35",
    "тоқтата тұру аясы толық емес немесе артық: {kind}, қажеттісі: {required}",
    "область приостановления {kind} задаётся полями: {required}",
    "a suspension of kind {kind} names exactly: {required}",
    "fill the named fields and leave the others empty",
)  # fmt: skip
SUSPENDED_TWICE = _reason(
    "SUSP-TWICE", "BC 111(1)",
    "осы негізбен операциялар тоқтатылып қойған: {scope}, {document}",
    "операции по этому основанию уже приостановлены: {scope}, {document}",
    "{scope} is already suspended on this ground by {document}",
    "nothing is lost: the suspension stands",
)  # fmt: skip
NOT_SUSPENDED = _reason(
    "SUSP-NONE", "BC 111",
    "мұндай негізбен тоқтата тұру жоқ: {scope}, {document}",
    "приостановления по такому основанию нет: {scope}, {document}",
    "{scope} is not suspended on ground BC 111(1)({ground}) by {document}",
    "see `eqz treasury list` for the suspensions in force",
)  # fmt: skip
SUSPENDED = _reason(
    "BC111", "BC 111(1)",
    "операциялар тоқтатыла тұрды: {scope}; негіз БК 111(1)({ground}): {text_kk}; құжат {document}",
    "операции приостановлены: {scope}; основание БК 111(1)({ground}): {text_ru}; документ {document}",
    "operations are suspended for {scope} on ground BC 111(1)({ground}), {text_en}, by {document}",
    "wait until the treasury resumes; acts, lower amendments, terminations and returns go on",
)  # fmt: skip

# --- receipts and cash (contracts/receipts.py)

RECEIPTS_UNIT = _reason(
    "REC-UNIT", "TP 24, budget-machine 2",
    "жоспар сомасы мың теңгенің оннан біріне еселі емес: {code}, {amount_tiyn}",
    "сумма плана не кратна 0,1 тысячи тенге: {code}, {amount_tiyn}",
    "a plan figure of {code} is not a multiple of 100 tenge: {amount_tiyn}",
    "plans are kept in thousand tenge with one decimal",
)  # fmt: skip
RECEIPTS_FALL = _reason(
    "REC-FALL", "BC 105, TP 48",
    "жыл басынан өспелі жоспар кемиді: {code}, {month}-ай",
    "план нарастающим итогом убывает: {code}, месяц {month}",
    "the cumulative plan of {code} falls in month {month}",
    "give twelve cumulative figures, January to December",
)  # fmt: skip
RECEIPTS_CLOSED_MONTH = _reason(
    "TP48", "TP 48",
    "түсімдер жоспарының жабық айлары түзетілмейді: {code}, {month}-ай, {year}",
    "закрытые месяцы плана поступлений не изменяются: {code}, месяц {month} года {year}",
    "closed months of the receipts plan are not edited: {code}, month {month} of {year}",
    "keep the figures of closed months as they are and change open months",
)  # fmt: skip
RECEIPTS_TWICE = _reason(
    "REC-TWICE", "TP 48",
    "код құжатта екі рет берілген: {code}", "код указан в документе дважды: {code}",
    "the receipts code {code} stands twice in the document for one budget and year",
    "keep one row for each code",
)  # fmt: skip
REFUND_BEYOND_RECEIPTS = _reason(
    "REC-REFUND", "BC 107",
    "қайтару түскен сомадан асады: {code}, түскені {received_tiyn}, қайтарылатыны {amount_tiyn}",
    "возврат превышает поступившее: {code}, поступило {received_tiyn}, возврат {amount_tiyn}",
    "a refund of {amount_tiyn} is more than came in under {code}: {received_tiyn}",
    "check the code and the amount of the refund",
)  # fmt: skip
CASH_SHORT = _reason(
    "BC110-3", "BC 110(3), TP 228",
    "қолма-қол ақшаны бақылау шотында ақша жеткіліксіз: {account}, қалдық {balance_tiyn}, "
    "қажеті {amount_tiyn}",
    "на КСН недостаточно денег: {account}, остаток {balance_tiyn}, требуется {amount_tiyn}",
    "the cash account {account} holds {balance_tiyn}, {amount_tiyn} are needed",
    "wait for receipts; the paying order when cash is short is that of TP 228",
)  # fmt: skip
SUM_TOO_LARGE = _reason(
    "SUM-LIMIT", "formats: Canonical MessagePack profile",
    "сома тізілім шегінен асады", "сумма превышает предел реестра",
    "a sum passes 2^63 - 1 tiyn, the largest number of the ledger",
    "check the amounts",
)  # fmt: skip
