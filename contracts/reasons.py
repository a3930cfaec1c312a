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
    "update the program, or choose one that `eqz tx actions` lists",
)  # fmt: skip
BAD_ARGUMENTS = _reason(
    "TX-ARGUMENTS", "formats: Transaction",
    "құжат деректемелері әрекеттің үлгісіне сай емес: {found}",
    "реквизиты документа не соответствуют форме действия: {found}",
    "the document's fields do not fit the action: {found}",
    "correct the named field",
)  # fmt: skip
TOO_LARGE = _reason(
    "TX-SIZE", "formats: Encoding, 8",
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
RECORD_TOO_LONG = _reason(
    "TX-RECORD", "formats: Block",
    "құжаттағы атаулар тым ұзын ({collection} жазбасы)",
    "наименования в документе слишком длинны (запись {collection})",
    "names of the document make a record of {collection} too long",
    "use shorter numbers of documents",
)  # fmt: skip
OUTCOME_TOO_LONG = _reason(
    "TX-OUTCOME", "formats: Block",
    "құжаттың оқиғалары тым көп немесе ұзын: {events}, шегі {limit_bytes} байт",
    "события документа слишком многочисленны или длинны: {events}, предел {limit_bytes} байт",
    "the {events} events of the document do not fit {limit_bytes} bytes",
    "split the document, or shorten its notes",
)  # fmt: skip
RESULTS_TOO_LARGE = _reason(
    "TX-RESULTS", "formats: Transaction",
    "құжат өзгертетін жазбалар бірге тым үлкен: {size_bytes} байт, шегі {limit_bytes}",
    "изменяемые документом записи вместе слишком велики: {size_bytes} байт при пределе {limit_bytes}",
    "the records that the document changes take {size_bytes} bytes together, the limit is {limit_bytes}",
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
TOO_MANY_SIGNATURES = _reason(
    "TX-SIGNATURES", "formats: Transaction",
    "қолтаңбалар тым көп: {found}, шегі {limit}", "подписей слишком много: {found} при пределе {limit}",
    "the document has {found} signatures, at most {limit} are allowed",
    "have exactly the roles sign that the action asks for",
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
    "кодтың нұсқалары тым көп: {code}, шегі {limit_bytes} байт",
    "версии кода занимают слишком много места: {code}, предел {limit_bytes} байт",
    "the versions of {code} take more than {limit_bytes} bytes",
    "give the entry a new code",
)  # fmt: skip
CODE_UNKNOWN = _reason(
    "CODE-UNKNOWN", "TP 218, 236",
    "{directory} анықтамалығында мұндай код жоқ: {code} ({field})",
    "в справочнике {directory} нет кода {code} ({field})",
    "the directory {directory} has no code {code} ({field})",
    "take a code from `eqz directory show`; a new code is published by the authorised body",
)  # fmt: skip
CODE_CLOSED = _reason(
    "CODE-CLOSED", "BC 10, TP 218",
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
SUSPENDED_FULL = _reason(
    "SUSP-LIMIT", "BC 111",
    "аумақта тоқтата тұру негіздері тым көп: {scope}, шегі {limit}",
    "оснований приостановления в области слишком много: {scope}, предел {limit}",
    "{limit} grounds of suspension stand on {scope} already",
    "lift grounds that no longer hold with treasury.resume",
)  # fmt: skip
NOT_SUSPENDED = _reason(
    "SUSP-NONE", "BC 111",
    "мұндай негізбен тоқтата тұру жоқ: {scope}, {document}",
    "приостановления по такому основанию нет: {scope}, {document}",
    "{scope} is not suspended on ground BC 111(1)({ground}) by {document}",
    "see `eqz treasury list` for the suspensions in force",
)  # fmt: skip
SUSPENDED_SEQUESTER = _reason(
    "BC97-05", "BC 97(5), 111(1)(5)",
    "секвестр туралы шешім аяқталмаған, операциялар тоқтатулы қалады: {scope}, {decision}",
    "решение о секвестре не завершено, операции остаются приостановленными: {scope}, {decision}",
    "{scope} stays suspended until the decision {decision} on sequester is applied or cancelled in full",
    "apply or cancel the remaining rows of the decision; its last row ends the suspension",
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
    "REC-REFUND", "BC 107(2)",
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
    "SUM-LIMIT", "formats: Encoding",
    "сома тізілім шегінен асады", "сумма превышает предел реестра",
    "a sum passes 2^63 - 1 tiyn, the largest number of the ledger",
    "check the amounts",
)  # fmt: skip

# --- members (contracts/membership.py, contracts/governance.py)

KEY_KNOWN = _reason(
    "KEY-KNOWN", "formats: Keys and signatures",
    "бұл кілт бұрын тіркелген: {key}", "этот ключ уже был зарегистрирован: {key}",
    "the key {key} was registered before: a key is registered once in the life of the network",
    "make a new key with `eqz key new`",
)  # fmt: skip
BAD_POSSESSION = _reason(
    "KEY-POSSESSION", "formats: Keys and signatures",
    "кілтті иелену дәлелі жарамсыз: {key}", "доказательство владения ключом недействительно: {key}",
    "the proof that somebody of {institution} holds the key {key} is not valid",
    "have the owner of the new key make the proof for this network and this institution",
)  # fmt: skip
SIGNERS_FULL = _reason(
    "SIGNER-LIMIT", "formats: State records",
    "мекеменің қол қоюшылары тым көп: {institution}, шегі {limit}",
    "у учреждения {institution} слишком много подписантов, предел {limit}",
    "{institution} has registered {limit} signers already",
    "rotate the key of a known signer instead",
)  # fmt: skip
LAST_HEAD = _reason(
    "SIGNER-LAST-HEAD", "TP 238(25), budget-machine 1",
    "мекемеде кемінде бір басшы қалуға тиіс: {institution}",
    "в учреждении {institution} должен остаться хотя бы один руководитель",
    "{institution} must keep at least one head",
    "register the new head first, then revoke the old one",
)  # fmt: skip
INSTITUTION_KNOWN = _reason(
    "INST-KNOWN", "budget-machine 1",
    "мұндай атаумен мекеме бұрын тіркелген: {institution}",
    "учреждение с таким идентификатором уже было: {institution}",
    "an institution {institution} exists or existed",
    "choose another id; ids are never given again",
)  # fmt: skip
INSTITUTION_CODE = _reason(
    "INST-CODE", "TP 84",
    "мекеменің коды дұрыс емес: {code} ({kind}, {digits} сан)",
    "код учреждения неверен: {code} ({kind}, цифр {digits})",
    "the code {code} does not fit an institution of kind {kind}: {digits} digits",
    "an administrator has 3 digits, a state institution 7, others have no code",
)  # fmt: skip
INSTITUTION_PARENT = _reason(
    "INST-PARENT", "TP 84",
    "бюджеттік бағдарламалардың әкімшісі дұрыс көрсетілмеген: {parent}",
    "администратор бюджетных программ указан неверно: {parent}",
    "the parent {parent} is not an open administrator with the first three digits of the code",
    "a state institution names its administrator, other institutions name none",
)  # fmt: skip
CODE_TAKEN = _reason(
    "INST-CODE-TAKEN", "TP 84",
    "бұл код басқа мекеменікі: {code}", "код уже присвоен другому учреждению: {code}",
    "the code {code} belongs to another institution",
    "take the code that the Treasury assigned",
)  # fmt: skip
NO_HEAD = _reason(
    "INST-NO-HEAD", "TP 238(25), budget-machine 1",
    "мекеменің басшысы көрсетілмеген: {institution}", "у учреждения {institution} не указан руководитель",
    "{institution} has no head among its first signers",
    "give at least one signer the role head",
)  # fmt: skip
CLOSE_VALIDATOR = _reason(
    "INST-VALIDATOR", "budget-machine 1",
    "мекеме валидаторды жұмыс істетіп тұр: {institution}", "учреждение {institution} держит валидатор",
    "{institution} runs a validator",
    "remove its validator by a ballot first",
)  # fmt: skip
CLOSE_LAST = _reason(
    "INST-LAST", "budget-machine 1",
    "соңғы мекемені жабуға болмайды: {institution} ({kind})",
    "нельзя закрыть последнее учреждение вида {kind}: {institution}",
    "{institution} is the last open institution of kind {kind}",
    "register its successor first",
)  # fmt: skip
CLOSE_PARENT = _reason(
    "INST-CHILDREN", "TP 78, 84",
    "әкімшінің ашық мекемелері бар: {institution}, {child}",
    "у администратора {institution} есть открытые учреждения: {child}",
    "{institution} still has open state institutions, the first is {child}",
    "close them first",
)  # fmt: skip
CLOSE_MONEY = _reason(
    "INST-MONEY", "TP 78",
    "мекеменің жоспарлары мен міндеттемелері бар: {institution}, {amount_tiyn}",
    "за учреждением {institution} числятся планы или обязательства: {amount_tiyn}",
    "{institution} still holds {amount_tiyn} of one line in plans or obligations",
    "return, pay or move them first",
)  # fmt: skip
NOT_MEMBER = _reason(
    "MEMBER-NOT", "budget-machine 1",
    "{institution} желі мүшесі емес", "{institution} не является участником сети",
    "{institution} is not a member of the network",
    "only members vote in ballots and run validators",
)  # fmt: skip
VALIDATOR_SECOND = _reason(
    "VALIDATOR-SECOND", "formats: Votes, certificates, validator sets",
    "мекеменің валидаторы бар: {institution}", "у учреждения {institution} уже есть валидатор",
    "{institution} runs a validator already: one institution, one vote",
    "rotate the validator's key instead",
)  # fmt: skip
VALIDATOR_UNKNOWN = _reason(
    "VALIDATOR-UNKNOWN", "formats: Votes, certificates, validator sets",
    "мекеменің валидаторы жоқ: {institution}", "у учреждения {institution} нет валидатора",
    "{institution} runs no validator",
    "see `eqz network members`",
)  # fmt: skip
VALIDATOR_LAST = _reason(
    "VALIDATOR-LAST", "formats: Votes, certificates, validator sets",
    "соңғы валидаторды алып тастауға болмайды: {institution}",
    "нельзя исключить последнего валидатора: {institution}",
    "{institution} runs the last validator",
    "add another validator first",
)  # fmt: skip
VALIDATORS_FULL = _reason(
    "VALIDATOR-LIMIT", "formats: Votes, certificates, validator sets",
    "валидаторлар тым көп, шегі {limit}", "валидаторов слишком много, предел {limit}",
    "there are {limit} validators already",
    "remove one first",
)  # fmt: skip
PARAMS_WRONG = _reason(
    "PARAMS", "formats: Genesis",
    "параметрлер дұрыс емес: {found}", "параметры неверны: {found}", "the parameters are wrong: {found}",
    "see `eqz network params` for names and bounds",
)  # fmt: skip
BALLOTS_FULL = _reason(
    "BALLOT-LIMIT", "budget-machine 4",
    "ашық дауыс берулер тым көп: {limit}", "открытых голосований слишком много: {limit}",
    "{limit} ballots are open",
    "vote on the open ballots first; a vote on an expired one closes it",
)  # fmt: skip
BALLOT_UNKNOWN = _reason(
    "BALLOT-UNKNOWN", "budget-machine 4",
    "мұндай дауыс беру жоқ: {ballot}", "голосования {ballot} нет", "there is no ballot {ballot}",
    "see the open ballots for their numbers",
)  # fmt: skip
BALLOT_CLOSED = _reason(
    "BALLOT-CLOSED", "budget-machine 4",
    "дауыс беру аяқталған: {ballot}", "голосование {ballot} завершено", "ballot {ballot} is closed",
    "nothing is lost; propose a new ballot if the change is still wanted",
)  # fmt: skip
BALLOT_TWICE = _reason(
    "BALLOT-TWICE", "budget-machine 4",
    "мекеме дауыс берген: {institution}, {ballot}", "{institution} уже голосовало: {ballot}",
    "{institution} has voted in ballot {ballot}",
    "one institution has one vote, and it stands",
)  # fmt: skip

# --- approvals (contracts/approvals.py)

APPROVAL_ROUTE = _reason(
    "APPROVAL-ROUTE", "EQ: routes; budget-machine 4",
    "{action} әрекеті келісуді талап етеді: бірінші {next}",
    "действие {action} требует согласования: первым {next}",
    "{action} of {institution} needs approvals before it; the first is {next}",
    "send the document for approval (eqz … --for-approval); it is carried out with the last approval",
)  # fmt: skip
APPROVAL_NONE = _reason(
    "APPROVAL-NONE", "EQ: routes; budget-machine 4",
    "{institution} мекемесінің бұл құжаты ({action}) келісуді талап етпейді",
    "этот документ ({action}) учреждения {institution} не требует согласования",
    "this document ({action}) of {institution} needs no approval",
    "send the document itself",
)  # fmt: skip
APPROVAL_ACTION = _reason(
    "APPROVAL-ACTION", "EQ: routes; budget-machine 4",
    "{action} келісу бағыты бойынша жүрмейді", "действие {action} не проходит по маршруту согласования",
    "{action} does not go through approvals",
    "send the document itself",
)  # fmt: skip
APPROVAL_UNKNOWN = _reason(
    "APPROVAL-UNKNOWN", "budget-machine 4",
    "келісудегі {approval} құжаты жоқ", "нет документа на согласовании {approval}",
    "there is no approval {approval}",
    "`eqz approval list` shows documents and their numbers",
)  # fmt: skip
APPROVAL_CLOSED = _reason(
    "APPROVAL-CLOSED", "budget-machine 4",
    "{approval} келісуі аяқталған: {found}", "согласование {approval} завершено: {found}",
    "approval {approval} is over: {found}",
    "a document that was rejected or withdrawn is submitted again as a new one",
)  # fmt: skip
APPROVAL_NEXT = _reason(
    "APPROVAL-NEXT", "EQ: routes; budget-machine 4",
    "{approval} құжатында кезек {institution} мекемесінде емес: {next} күтілуде",
    "в документе {approval} очередь не за {institution}: ожидается {next}",
    "it is not {institution}'s turn in document {approval}: {next} is awaited",
    "wait for the approvals before yours; `eqz approval show` tells who is awaited and since when",
)  # fmt: skip
APPROVAL_ROLE = _reason(
    "APPROVAL-ROLE", "EQ: routes; budget-machine 4",
    "{approval} құжатын {next} келіседі: қол қоюшының рөлі {found}, орынбасарлығы жоқ",
    "документ {approval} согласует {next}: у подписанта роли {found}, замещения нет",
    "document {approval} awaits {next}; the signer's roles are {found}, and no deputyship is in force",
    "let the named role sign, or its head appoint a deputy with deputy.appoint",
)  # fmt: skip
APPROVAL_MAKER = _reason(
    "APPROVAL-MAKER", "EQ: routes; budget-machine 1",
    "{approval} құжатын жасаған адам оны келіспейді",
    "составивший документ {approval} не согласует его сам",
    "who made document {approval} does not approve it",
    "let another person with the role sign",
)  # fmt: skip
APPROVAL_TWICE = _reason(
    "APPROVAL-TWICE", "EQ: routes; budget-machine 1",
    "бір адам {approval} құжатын екі рет келіспейді",
    "один человек не согласует документ {approval} дважды",
    "one person does not approve document {approval} twice",
    "let another person with the role sign",
)  # fmt: skip
APPROVAL_FOREIGN = _reason(
    "APPROVAL-FOREIGN", "budget-machine 4",
    "{approval} құжатын {found} берді, {institution} емес",
    "документ {approval} подан учреждением {found}, а не {institution}",
    "document {approval} was submitted by {found}, not by {institution}",
    "only the head of the institution that submitted a document withdraws it; an approver rejects it",
)  # fmt: skip
APPROVALS_FULL = _reason(
    "APPROVAL-LIMIT", "budget-machine 4",
    "{institution} мекемесінің келісудегі құжаттары тым көп: шегі {limit}",
    "у {institution} слишком много документов на согласовании: предел {limit}",
    "{institution} has as many documents on their way as one institution may: {limit}",
    "wait for approvals, or withdraw documents that are no longer needed",
)  # fmt: skip
ROUTE_ACTION = _reason(
    "ROUTE-ACTION", "EQ: routes; budget-machine 4",
    "{action} үшін бағыт орнатылмайды", "для действия {action} маршрут не устанавливается",
    "no route can be set for {action}",
    "name an action that `eqz tx actions` lists; ballots, signers and approvals have no route",
)  # fmt: skip
ROUTE_STEP = _reason(
    "ROUTE-STEP", "EQ: routes; budget-machine 4",
    "{step}-қадам мекеменің бір түрін не бір мекемені және бір рөлді атайды: {found}",
    "шаг {step} называет один вид учреждений либо одно учреждение и одну роль: {found}",
    "step {step} names either a kind of institution or one open institution, and one role: {found}",
    "correct the named step",
)  # fmt: skip
ROUTE_OWNER = _reason(
    "ROUTE-OWNER", "EQ: routes; budget-machine 4",
    "{institution} мекемесі {action} әрекетін жасамайды",
    "учреждение {institution} не совершает действие {action}",
    "{institution} never does {action}",
    "name an open institution of a kind that the action is for, or none for a route of all",
)  # fmt: skip
ROUTE_NONE = _reason(
    "ROUTE-NONE", "EQ: routes; budget-machine 4",
    "жойылатын бағыт жоқ: {action}, {institution}", "нет маршрута для отмены: {action}, {institution}",
    "there is no route of {action} for {institution} to take away",
    "`eqz route list` shows the routes; a route is taken away by naming no steps",
)  # fmt: skip
ROUTES_FULL = _reason(
    "ROUTE-LIMIT", "budget-machine 4",
    "{action} бағыттары тым көп: шегі {limit}", "слишком много маршрутов действия {action}: предел {limit}",
    "{action} has as many routes of institutions as it may: {limit}",
    "set one route for all institutions and take away those that say the same",
)  # fmt: skip
DEPUTY_ROLE = _reason(
    "DEPUTY-ROLE", "EQ: routes; budget-machine 1",
    "қол қоюшыда {role} рөлі онсыз да бар, не ол бір рөл емес",
    "у подписанта и так есть роль {role}, либо это не одна роль",
    "the signer has the role {role} already, or it is not one role",
    "name one role that the person does not have; no deputy is needed otherwise",
)  # fmt: skip
DEPUTY_DATES = _reason(
    "DEPUTY-DATES", "EQ: routes",
    "орынбасарлық мерзімі жарамсыз: {first} – {last}, операциялық күн {open}",
    "неверный срок замещения: {first} – {last}, операционный день {open}",
    "a deputyship from {first} to {last} ends before it begins or before the open day {open}, or lasts over "
    "{limit} days",
    "give days in order, of which the last is not over",
)  # fmt: skip
DEPUTY_NONE = _reason(
    "DEPUTY-NONE", "EQ: routes",
    "мұндай орынбасарлық жоқ: {role}, {signer}", "такого замещения нет: {role}, {signer}",
    "signer {signer} is no deputy for {role}",
    "`eqz deputy list` shows the deputies",
)  # fmt: skip

# --- rules in force (contracts/governance.py)

RULES_VERSION = _reason(
    "RULES-VERSION", "formats: Rules in force",
    "{action} әрекетінің {version} нұсқасы күшінде емес, {current} нұсқасы күшінде",
    "версия {version} действия {action} не в силе, действует версия {current}",
    "version {version} of {action} is not in force at height {height}; version {current} is",
    "update the program and build the document again",
)  # fmt: skip
RULES_PAUSED = _reason(
    "RULES-PAUSED", "formats: Rules in force",
    "{module} модулі мүшелердің шешімімен {height} биіктікте тоқтатылған",
    "модуль {module} приостановлен решением участников на высоте {height}",
    "the module {module} was paused by the members at height {height}",
    "wait until the members resume the module by a ballot",
)  # fmt: skip
RULES_UNKNOWN = _reason(
    "RULES-UNKNOWN", "formats: Rules in force",
    "{action} әрекетінің {version} нұсқасы белгісіз", "версия {version} действия {action} неизвестна",
    "version {version} of {action} is not known to this program",
    "update the nodes first; then propose the activation",
)  # fmt: skip
RULES_HEIGHT = _reason(
    "RULES-HEIGHT", "formats: Rules in force",
    "қолданысқа енгізу биіктігі {found}, кемінде {minimum} болуы тиіс",
    "высота вступления в силу {found}, должна быть не менее {minimum}",
    "height of activation {found}; it must be at least {minimum}",
    "name a later height: every node must know the decision before it takes effect",
)  # fmt: skip
RULES_PENDING = _reason(
    "RULES-PENDING", "formats: Rules in force",
    "{action} әрекетінің {version} нұсқасы {height} биіктіктен бастап енгізіледі",
    "версия {version} действия {action} уже вступает в силу с высоты {height}",
    "version {version} of {action} is in force or comes into force at height {height} already",
    "wait for that height, then propose another version",
)  # fmt: skip
MODULE_UNKNOWN = _reason(
    "MODULE-UNKNOWN", "formats: Rules in force",
    "{module} модулі тоқтатылмайды", "модуль {module} не приостанавливается",
    "{module} is no module that can be paused",
    "name the part of an action before the point; ballots, signers and approvals are never paused",
)  # fmt: skip
MODULE_PAUSED = _reason(
    "MODULE-PAUSED", "formats: Rules in force",
    "{module} модулі тоқтатылып қойған", "модуль {module} уже приостановлен",
    "the module {module} is paused already",
    "nothing is to be done",
)  # fmt: skip
MODULE_RUNNING = _reason(
    "MODULE-RUNNING", "formats: Rules in force",
    "{module} модулі тоқтатылмаған", "модуль {module} не приостановлен",
    "the module {module} is not paused",
    "nothing is to be done",
)  # fmt: skip
BALLOTS_OF_MEMBER = _reason(
    "BALLOT-MEMBER-LIMIT", "budget-machine 4",
    "{institution} ашқан дауыс берулер тым көп: шегі {limit}",
    "у {institution} слишком много открытых голосований: предел {limit}",
    "{institution} has as many ballots open as one member may: {limit}",
    "wait until one of its ballots is decided",
)  # fmt: skip

# --- adoption and financing plans (contracts/appropriations.py, contracts/plans.py)

DATE_AHEAD = _reason(
    "DATE-AHEAD", "budget-machine 4",
    "{field}: {date} операциялық күннен кейін ({day})", "{field}: {date} позже операционного дня {day}",
    "the date {date} in {field} lies after the operational day {day}",
    "correct the date, or wait until the treasury opens that day",
)  # fmt: skip
BUDGET_ADOPTED = _reason(
    "BC90-ADOPTED", "BC 90, 94",
    "бюджет бекітілген: {budget}, {year} жыл", "бюджет уже утверждён: {budget}, {year} год",
    "the budget {budget} of {year} is adopted already",
    "what changes an adopted budget is a refinement (BC 94) or an adjustment (BC 98)",
)  # fmt: skip
BUDGET_TOTAL = _reason(
    "BC86-TOTAL", "BC 86(3), LRB-26 art. 1",
    "бағдарламалар сомасы заңның жиынтығына тең емес: {section}, заңда {stated_tiyn}, жолдарда {found_tiyn}",
    "сумма программ не равна итогу закона: {section}, в законе {stated_tiyn}, по строкам {found_tiyn}",
    "the programmes of {section} add up to {found_tiyn}, the law states {stated_tiyn}",
    "compare the rows with the annex of the law",
)  # fmt: skip
BUDGET_ROW_TWICE = _reason(
    "BC86-TWICE", "BC 12, 86(3)",
    "бағдарлама екі рет берілген: {administrator}/{programme}",
    "программа указана дважды: {administrator}/{programme}",
    "programme {administrator}/{programme} stands twice in the document",
    "keep one row for each programme of an administrator",
)  # fmt: skip
BUDGET_PROTECTED = _reason(
    "BC97-LIST", "BC 86(5), 97(4)",
    "секвестрлеуге жатпайтын кіші бағдарламалар тізбесі белгіге сай емес: {administrator}/{programme}",
    "перечень подпрограмм, не подлежащих секвестру, не соответствует признаку: {administrator}/{programme}",
    "{administrator}/{programme}: protected subprogrammes are listed with protected = 2, and only then",
    "set protected to 2 and list the subprogrammes, or give an empty list",
)  # fmt: skip
BUDGET_NO_PROGRAMME = _reason(
    "BC86-PROGRAMME", "BC 86(3), 101(6)",
    "бекітілген бюджетте мұндай бағдарлама жоқ: {budget}, {year}, {administrator}/{programme}",
    "в утверждённом бюджете нет такой программы: {budget}, {year}, {administrator}/{programme}",
    "the budget {budget} of {year} has no programme {administrator}/{programme}",
    "check budget, year, administrator and programme",
)  # fmt: skip
BUDGET_NONE = _reason(
    "BC90-NONE", "BC 90",
    "бюджет бекітілмеген: {budget}, {year} жыл", "бюджет не утверждён: {budget}, {year} год",
    "no budget {budget} of {year} was adopted",
    "check budget and year",
)  # fmt: skip
PLAN_UNIT = _reason(
    "PLAN-UNIT", "TP 17, 24, budget-machine 2",
    "сома 100 теңгеге еселі емес: {field}, {amount_tiyn}",
    "сумма не кратна 100 тенге: {field}, {amount_tiyn}",
    "the amount in {field} is not a multiple of 100 tenge: {amount_tiyn}",
    "plans and the budget are kept in thousand tenge with one decimal",
)  # fmt: skip
PLAN_FALLS = _reason(
    "PLAN-FALLS", "TP 19, 35",
    "жыл басынан өспелі жоспар кемиді: {field}, {month}-ай",
    "план нарастающим итогом убывает: {field}, месяц {month}",
    "the cumulative figures in {field} fall in month {month}",
    "give twelve cumulative figures, January to December",
)  # fmt: skip
PLAN_EMPTY = _reason(
    "PLAN-EMPTY", "TP 11",
    "жоспардың жылдық сомасы нөлге тең", "годовая сумма плана равна нулю", "the plan's annual sum is zero",
    "leave the row out",
)  # fmt: skip
PLAN_ANNUAL = _reason(
    "PLAN-ANNUAL", "TP 11, 19",
    "жылдық сомалар тең емес: міндеттемелер {obligations_tiyn}, төлемдер {payments_tiyn}",
    "годовые суммы планов не равны: по обязательствам {obligations_tiyn}, по платежам {payments_tiyn}",
    "the annual sums differ: obligations {obligations_tiyn}, payments {payments_tiyn}",
    "make December of both plans equal",
)  # fmt: skip
PLAN_PAYMENTS_AHEAD = _reason(
    "TP19-05", "TP 19(5), 35",
    "төлемдер жоспары міндеттемелер жоспарынан асады: {month}-ай, {payments_tiyn} > {obligations_tiyn}",
    "план по платежам превышает план по обязательствам: месяц {month}, {payments_tiyn} > {obligations_tiyn}",
    "in month {month} the payments plan {payments_tiyn} exceeds the obligations plan {obligations_tiyn}",
    "an obligation is accepted before it is paid: raise the obligations plan or lower the payments plan",
)  # fmt: skip
PLAN_HOLDER_UNKNOWN = _reason(
    "PLAN-HOLDER", "TP 27, 84",
    "мемлекеттік мекеме тіркелмеген немесе жабық: {holder}",
    "государственное учреждение не зарегистрировано или закрыто: {holder}",
    "{holder} is not an open state institution of the ledger",
    "check the institution's id",
)  # fmt: skip
PLAN_HOLDER_FOREIGN = _reason(
    "BC106-4", "BC 106(4), TP 27",
    "мекеме басқа әкімшінікі: {holder}, әкімшісі {parent}, құжат {institution}",
    "учреждение другого администратора: {holder} подведомственно {parent}, документ {institution}",
    "{holder} belongs to {parent}, the plan is of {institution}",
    "an administrator approves plans of its own institutions only",
)  # fmt: skip
PLAN_EXISTS = _reason(
    "TP33", "TP 33, 35",
    "жоспар бекітілген: {holder}, {subprogramme}/{specific}",
    "план уже утверждён: {holder}, {subprogramme}/{specific}",
    "{holder} has a plan for {subprogramme}/{specific} already",
    "an approved plan changes by a certificate of amendment (справка)",
)  # fmt: skip
PLAN_POOL = _reason(
    "TP11", "TP 11, BC 101(6)",
    "бағдарламаның бөлінбеген қаражаты жеткіліксіз: керегі {amount_tiyn}, бары {free_tiyn}",
    "нераспределённых средств программы недостаточно: нужно {amount_tiyn}, есть {free_tiyn}",
    "the plan takes {amount_tiyn}; the programme has {free_tiyn} undistributed and not blocked",
    "lower the plan: the sum of plans never exceeds the budget",
)  # fmt: skip
PLANS_UNBALANCED = _reason(
    "BC105-06", "BC 105(6), TP 19–20",
    "төлемдер жоспары түсімдер жоспарынан асады: {month}-ай, {payments_tiyn} > {receipts_tiyn}",
    "план по платежам превышает план поступлений: месяц {month}, {payments_tiyn} > {receipts_tiyn}",
    "to month {month} the payments plans of the budget reach {payments_tiyn}, the receipts plan "
    "{receipts_tiyn}",
    "plan payments later, or have the treasury raise the receipts plan",
)  # fmt: skip
YEAR_NOT_OPEN = _reason(
    "BC101-5", "BC 101(5)",
    "операциялық күн бюджет жылынан тыс: {year} жыл, күн {found} жылы",
    "операционный день вне бюджетного года: год {year}, день в {found} году",
    "the operational day lies in {found}, the document in budget year {year}",
    "operations of a year end on 31 December and begin on 1 January",
)  # fmt: skip
PLAN_NONE = _reason(
    "BC109-PLAN", "BC 109(4), TP 177",
    "қаржыландыру жоспары жоқ: {holder}, {programme}/{subprogramme}/{specific}",
    "нет плана финансирования: {holder}, {programme}/{subprogramme}/{specific}",
    "{holder} has no financing plan for {programme}/{subprogramme}/{specific}",
    "check the codes; the administrator approves plans",
)  # fmt: skip
EXCEEDS_OBLIGATIONS_PLAN = _reason(
    "TP218-07", "BC 109(4), TP 177, 218(7)",
    "сома қабылданбаған міндеттемелер сомасынан асады: {amount_tiyn}, {month}-айға дейінгі қалдық "
    "{room_tiyn} "
    "(жоспар {plan_tiyn}, қабылданғаны {accepted_tiyn})",
    "сумма превышает сумму непринятых обязательств: {amount_tiyn}, остаток по месяц {month} {room_tiyn} "
    "(план {plan_tiyn}, принято {accepted_tiyn})",
    "{amount_tiyn} exceeds the unaccepted obligations plan to month {month}: {room_tiyn} "
    "(plan {plan_tiyn}, accepted {accepted_tiyn})",
    "lower the sum, or ask the administrator to amend the plan of the open months",
)  # fmt: skip
EXCEEDS_FREE = _reason(
    "PLAN-FREE", "TP 35, 218(7), BC 111(1)",
    "бос қаражат жеткіліксіз: керегі {amount_tiyn}, оқшауланбағаны {free_tiyn}",
    "свободных средств недостаточно: нужно {amount_tiyn}, не заблокировано {free_tiyn}",
    "{amount_tiyn} is needed; under this expense identifier {free_tiyn} is allocated and not blocked",
    "check the expense identifier; blocked money waits for treasury.unblock",
)  # fmt: skip
EXCEEDS_PAYMENTS_PLAN = _reason(
    "TP236-14", "BC 110(3), TP 228, 236(14)",
    "сома төлемдер жоспарының пайдаланылмаған қалдығынан асады: {amount_tiyn}, {month}-айға дейінгі қалдық "
    "{room_tiyn} (жоспар {plan_tiyn}, төленгені {redeemed_tiyn})",
    "сумма превышает неиспользованный остаток плана по платежам: {amount_tiyn}, остаток по месяц {month} "
    "{room_tiyn} (план {plan_tiyn}, оплачено {redeemed_tiyn})",
    "{amount_tiyn} exceeds the unused payments plan to month {month}: {room_tiyn} "
    "(plan {plan_tiyn}, paid {redeemed_tiyn})",
    "pay less, or wait for the month in which the payment is planned",
)  # fmt: skip

# --- agreements and obligations (contracts/agreements.py, contracts/obligations.py)

AGREEMENT_EXISTS = _reason(
    "AGR-EXISTS", "TP 213, 222",
    "шарт тіркелген: {agreement}", "договор уже зарегистрирован: {agreement}",
    "agreement {agreement} is registered already",
    "change it with agreement.amend, or give the new agreement its own number",
)  # fmt: skip
AGREEMENT_NONE = _reason(
    "AGR-NONE", "TP 217, 222",
    "шарт тіркелмеген: {agreement}", "договор не зарегистрирован: {agreement}",
    "{holder} has no registered agreement {agreement}",
    "check the number; list the agreements of the institution",
)  # fmt: skip
AGREEMENT_ENDED = _reason(
    "AGR-ENDED", "TP 207",
    "шарт бұзылған: {agreement}", "договор расторгнут: {agreement}", "agreement {agreement} was terminated",
    "nothing more can be registered under it",
)  # fmt: skip
DATE_OUTSIDE = _reason(
    "DATE-OUTSIDE", "BC 109, TP 218",
    "{field}: {date} рұқсат етілген аралықтан тыс: {first} – {last}",
    "{field}: {date} вне допустимых дат: {first} – {last}",
    "the date {date} in {field} is not within {first} to {last}",
    "an agreement is signed by the operational day; what belongs to it is dated from its signing on, as a "
    "decision on a request is from the one before it",
)  # fmt: skip
AGREEMENT_SPLIT = _reason(
    "TP182", "TP 182, 213(13)",
    "жылдар бойынша бөлу шарт сомасына тең емес: сома {total_tiyn}, жылдар бойынша {found_tiyn}",
    "разбивка по годам не равна сумме договора: сумма {total_tiyn}, по годам {found_tiyn}",
    "the sums by year add up to {found_tiyn}, the total is {total_tiyn}",
    "state each year once, from the current year on, with sums that add up to the total",
)  # fmt: skip
AGREEMENT_YEARS = _reason(
    "TP182-YEARS", "TP 182, 211",
    "жылдар өсу ретімен емес немесе ағымдағы жылдан бұрын", "годы не по возрастанию или раньше текущего года",
    "the years are not increasing from the budget year on",
    "state each year once, the budget year first",
)  # fmt: skip
AGREEMENT_CODES = _reason(
    "TP215", "TP 183, 215",
    "өтінімдер сомасы ағымдағы жыл сомасына тең емес: {stated_tiyn} және {found_tiyn}",
    "сумма заявок не равна сумме текущего года: {stated_tiyn} и {found_tiyn}",
    "the obligations add up to {found_tiyn}, the sum of the year is {stated_tiyn}",
    "one application for each code, all filed together, equal to the sum of the current year",
)  # fmt: skip
AGREEMENT_CODE_TWICE = _reason(
    "TP215-TWICE", "TP 215",
    "код шартта екі рет берілген: {subprogramme}/{specific}",
    "код указан в договоре дважды: {subprogramme}/{specific}",
    "the code {subprogramme}/{specific} stands twice under one expense identifier",
    "make one application of the two",
)  # fmt: skip
AGREEMENT_BASIS = _reason(
    "AGR-BASIS", "TP 218",
    "порталдан тыс шартта құқықтық негіз көрсетілмеген",
    "для договора вне портала не указано правовое основание",
    "an agreement made outside the procurement portal names its legal basis",
    "state the legal basis or the portal's id",
)  # fmt: skip
AGREEMENT_CLAUSE = _reason(
    "TP218-12", "BC 109(4), TP 177, 218(12)",
    "шартта тіркелгеннен кейін күшіне енетіні туралы талап жоқ",
    "в договоре нет условия о вступлении в силу после регистрации",
    "the agreement does not say that it takes effect after registration",
    "add the clause to the agreement and file it again",
)  # fmt: skip
AGREEMENT_RESERVE = _reason(
    "BC109-08-RESERVE", "BC 109(8), TP 191",
    "{administrator}/{programme} резерв емес және биыл резервтен қаражат алмаған",
    "программа {administrator}/{programme} не резерв и не получала в этом году средств из резерва",
    "programme {administrator}/{programme} is no reserve and got nothing from one this year",
    "register the agreement with ordinary money, or after the adjustment that gives money of a reserve",
)  # fmt: skip
AGREEMENT_START = _reason(
    "TP191-START", "TP 191",
    "«құрылыстың басталуы» даму бағдарламасының жұмыстарына ғана: {administrator}/{programme}, {kind}",
    "«начало строительства» — только работы по программе развития: {administrator}/{programme}, {kind}",
    "money for the start of construction is for works of a development programme: "
    "{administrator}/{programme}, {kind}",
    "register the agreement with ordinary money, or under the development programme",
)  # fmt: skip
AGREEMENT_VAT = _reason(
    "AGR-VAT", "TP 218",
    "ҚҚС сомасы шарт сомасынан асады", "сумма НДС превышает сумму договора",
    "the VAT {vat_tiyn} is more than the total {total_tiyn}",
    "correct the VAT, or leave it out when the agreement is without VAT",
)  # fmt: skip
EXPERTISE_MISSING = _reason(
    "TP218-13", "BC 109(4), TP 218(13)",
    "ведомстводан тыс кешенді сараптаманың оң қорытындысы жоқ: ерекшелік {specific}",
    "нет положительного заключения комплексной вневедомственной экспертизы: специфика {specific}",
    "construction and capital repair under {specific} need a positive conclusion of the expertise",
    "name the conclusion: number, date, end of validity and sum",
)  # fmt: skip
EXPERTISE_EXPIRED = _reason(
    "TP218-14", "BC 109(4), TP 218(14)",
    "сараптама қорытындысының мерзімі өткен немесе басталмаған: {number}",
    "заключение экспертизы не действует на день регистрации: {number}",
    "the expertise {number} is not valid on the operational day",
    "obtain a valid conclusion",
)  # fmt: skip
EXPERTISE_SHORT = _reason(
    "TP218-15", "BC 109(4), TP 218(15)",
    "шарт сомасы сараптама сомасынан асады: {total_tiyn} > {expertise_tiyn}",
    "сумма договора превышает сумму по заключению экспертизы: {total_tiyn} > {expertise_tiyn}",
    "the total {total_tiyn} exceeds the sum of the expertise {expertise_tiyn}",
    "lower the agreement or have the estimate examined again",
)  # fmt: skip
AFTER_20_DECEMBER = _reason(
    "BC109-08", "BC 109(8)",
    "20 желтоқсаннан кейін шарттар тіркелмейді", "после 20 декабря договоры не регистрируются",
    "no agreement is registered after 20 December, save reserve money and agreements that run past the year",
    "register it in the new year",
)  # fmt: skip
ADVANCE_OVER = _reason(
    "TP184", "TP 184–200",
    "аванстық төлем шекті мөлшерінен асады: ерекшелік {specific}, {advance_tiyn}, "
    "шегі {limit_tiyn} ({percent} %)",
    "аванс превышает предельный размер: специфика {specific}, {advance_tiyn}, "
    "предел {limit_tiyn} ({percent} %)",
    "the advance {advance_tiyn} exceeds {percent} % of the current-year sum under {specific}: {limit_tiyn}",
    "lower the advance, or name the ground that permits a higher one",
)  # fmt: skip
ADVANCE_GROUND = _reason(
    "TP184-GROUND", "TP 184–200",
    "аванс негізі бұл ерекшелікке қолданылмайды: {ground}, {specific}",
    "основание аванса не применяется к специфике: {ground}, {specific}",
    "the ground {ground} for an advance does not apply to specific {specific}",
    "leave the ground out or correct the specific",
)  # fmt: skip
ADVANCE_OUTSTANDING = _reason(
    "TP204", "TP 204",
    "ұсталмаған аванс жаңа сома бойынша шектен асады: {outstanding_tiyn} > {limit_tiyn}",
    "неотработанный аванс превышает предел от новой суммы: {outstanding_tiyn} > {limit_tiyn}",
    "the outstanding advance {outstanding_tiyn} would exceed its limit of the new sum: {limit_tiyn}",
    "sign acts that work the advance off first",
)  # fmt: skip
AMEND_BELOW = _reason(
    "TP217", "TP 217",
    "сома орындалған және төленген сомадан төмен: жаңа {amount_tiyn}, ең азы {least_tiyn}",
    "сумма ниже исполненного и оплаченного: новая {amount_tiyn}, не меньше {least_tiyn}",
    "the new sum {amount_tiyn} is below what is performed and paid: at least {least_tiyn}",
    "a decrease takes only what no act and no payment has used",
)  # fmt: skip
SUPPLEMENT_EXISTS = _reason(
    "TP217-TWICE", "TP 217",
    "қосымша келісім тіркелген: {supplement}", "дополнительное соглашение уже зарегистрировано: {supplement}",
    "supplement {supplement} is registered already",
    "check the number of the supplementary agreement",
)  # fmt: skip
OBLIGATION_EXISTS = _reason(
    "OBL-EXISTS", "TP 213(3)",
    "өтінім нөмірі қолданылған: {obligation}", "номер заявки уже использован: {obligation}",
    "{holder} has an obligation {obligation} already",
    "give the next number of the institution",
)  # fmt: skip
OBLIGATION_NONE = _reason(
    "OBL-NONE", "TP 222, 236",
    "міндеттеме табылмады: {obligation}", "обязательство не найдено: {obligation}",
    "{holder} has no obligation {obligation} here",
    "check the number; list the obligations of the institution",
)  # fmt: skip
OBLIGATION_CLOSED = _reason(
    "OBL-CLOSED", "TP 207, 217",
    "міндеттеме жабық: {obligation}",
    "обязательство закрыто: {obligation}", "obligation {obligation} is closed",
    "its agreement was ended or reduced to what is paid",
)  # fmt: skip
OBLIGATION_REGISTER = _reason(
    "REG", "BC 109(4), TP 177, 179, REG",
    "шартты тіркеу міндетті: ерекшелік {specific}, {amount_tiyn}",
    "обязательна регистрация договора: специфика {specific}, {amount_tiyn}",
    "under specific {specific} an agreement for {amount_tiyn} must be registered",
    "use agreement.register; up to 100 МРП some specifics are exempt",
)  # fmt: skip
OBLIGATION_PAYEE = _reason(
    "OBL-PAYEE", "TP 179, 218",
    "ақша алушы көрсетілмеген: {kind}", "не указан получатель денег: {kind}",
    "an obligation of kind {kind} names its payee",
    "give the payee's BIN from the directory; only payroll has none, for personal numbers stay off the "
    "ledger",
)  # fmt: skip

TRANSFER_BUDGET = _reason(
    "TP19-03", "TP 19(3)–(4), BC 83",
    "трансферт басқа бюджетке аударылады: алушы {payee}, бюджет {budget}",
    "трансферт перечисляется другому бюджету: получатель {payee}, бюджет {budget}",
    "a transfer goes to another budget: payee {payee}, budget {budget}",
    "use the kind transfer for a payee that is another budget, and have the directory of payees name the "
    "budget that receives it",
)  # fmt: skip

# --- acts (contracts/acts.py)

ACT_EXISTS = _reason(
    "ACT-EXISTS", "BC 109(5)",
    "акт нөмірі қолданылған: {act}", "номер акта уже использован: {act}", "{holder} has an act {act} already",
    "give the act its own number",
)  # fmt: skip
ACT_NONE = _reason(
    "ACT-NONE", "BC 109(5)",
    "акт табылмады: {act}", "акт не найден: {act}", "{holder} has no act {act} in force",
    "check the number; a corrected act is no longer in force",
)  # fmt: skip
ACT_WITHOUT_AGREEMENT = _reason(
    "ACT-AGREEMENT", "BC 109(5), TP 179",
    "міндеттеме шартсыз қабылданған: {obligation}", "обязательство принято без договора: {obligation}",
    "obligation {obligation} has no agreement, so no act is signed on it",
    "it was payable from acceptance: ask for its payment",
)  # fmt: skip
ACT_EXCEEDS = _reason(
    "BC109-05", "BC 109(5), TP 222",
    "акт сомасы міндеттеме қалдығынан асады: {amount_tiyn} > {room_tiyn}",
    "сумма акта превышает остаток обязательства: {amount_tiyn} > {room_tiyn}",
    "the act's {amount_tiyn} exceeds what the obligation has left: {room_tiyn}",
    "correct the act, or amend the agreement first",
)  # fmt: skip
ACT_PAID = _reason(
    "ACT-PAID", "BC 109(5)",
    "акт бойынша төлем жүргізілген: {act}", "по акту уже прошёл платёж: {act}",
    "something of act {act} is paid already: {paid_tiyn}",
    "restore the payment first, or take back only what is not paid (obligation.correct)",
)  # fmt: skip
ACT_RELEASED = _reason(
    "ACT-RELEASED", "TP 191",
    "объект пайдалануға қабылданған: {act}", "объект уже принят в эксплуатацию: {act}",
    "the retention of act {act} was released by commissioning",
    "correct the act by a new act with the supplier",
)  # fmt: skip
COMMISSION_KIND = _reason(
    "TP191-WORKS", "TP 191",
    "пайдалануға қабылдау тек жұмыстар үшін: {agreement}",
    "приёмка в эксплуатацию только для работ: {agreement}",
    "agreement {agreement} is not for works",
    "goods and services have no retention",
)  # fmt: skip
COMMISSIONED = _reason(
    "TP191-TWICE", "TP 191",
    "объект пайдалануға қабылданған: {agreement}", "объект уже принят в эксплуатацию: {agreement}",
    "the object of agreement {agreement} is commissioned already",
    "nothing is left to do",
)  # fmt: skip

# --- payments (contracts/payments.py)

PAYMENT_NUMBER = _reason(
    "TP238-01", "TP 238(1)",
    "төлеуге берілетін шоттың нөмірі дұрыс емес: {number}, үлгісі {expected}",
    "неверный номер счёта к оплате: {number}, форма {expected}",
    "the number {number} of the payment request has not the form {expected}",
    "the number is the institution's code, a slash, two digits of the year, a hyphen and a serial number",
)  # fmt: skip
PAYMENT_EXISTS = _reason(
    "PAY-EXISTS", "TP 238(1)",
    "төлеуге берілетін шоттың нөмірі қолданылған: {number}", "номер счёта к оплате уже использован: {number}",
    "payment request {number} exists already",
    "give the next serial number",
)  # fmt: skip
PAYMENT_NONE = _reason(
    "PAY-NONE", "TP 229",
    "төлеуге берілетін шот табылмады: {number}", "счёт к оплате не найден: {number}",
    "{holder} has no payment request {number}",
    "check holder and number",
)  # fmt: skip
PAYMENT_DECIDED = _reason(
    "PAY-DECIDED", "TP 229, 236",
    "төлеуге берілетін шот бойынша шешім қабылданған: {number}",
    "по счёту к оплате уже принято решение: {number}",
    "payment request {number} is {status} already",
    "make a new payment request",
)  # fmt: skip
PAYMENT_NOT_EXECUTED = _reason(
    "PAY-OPEN", "TP 237",
    "төлем жүргізілмеген: {number}", "платёж не проведён: {number}", "payment {number} was not executed",
    "only an executed payment can come back",
)  # fmt: skip
PAYMENT_EXPIRED = _reason(
    "TP229", "TP 229, 236",
    "төлеуге берілетін шоттың мерзімі өткен: {number}", "срок действия счёта к оплате истёк: {number}",
    "payment request {number} has expired: it lives {days} calendar days",
    "make a new payment request",
)  # fmt: skip
PAYMENT_FORM = _reason(
    "PAY-FORM", "TP 230, 238",
    "аванста акт көрсетілмейді: {number}", "в авансе акт не указывается: {number}",
    "an advance names no act: {number}",
    "leave the act out, or do not mark the request as an advance",
)  # fmt: skip
PAYMENT_EXCEEDS = _reason(
    "TP228", "BC 110(3), TP 228",
    "сома төленуге жататын қалдықтан асады: {amount_tiyn} > {room_tiyn}",
    "сумма превышает остаток к оплате: {amount_tiyn} > {room_tiyn}",
    "{amount_tiyn} is more than stands to be paid: {room_tiyn}",
    "check obligation and act; an act must be signed before it is paid",
)  # fmt: skip
PAYMENT_WAITING = _reason(
    "TP228-WAITING", "BC 110(3), TP 228, 236(13)",
    "{amount_tiyn} сұратылған және күтіп тұрған {waiting_tiyn} бірге төлем қалдығынан асады: {room_tiyn}",
    "запрошено {amount_tiyn}, вместе с ожидающими счетами на {waiting_tiyn} это больше остатка к оплате: "
    "{room_tiyn}",
    "{amount_tiyn} and the {waiting_tiyn} asked for already are more than stands to be paid: {room_tiyn}",
    "ask for the rest, or wait until a request that waits is executed, returned or expires",
)  # fmt: skip
ADVANCE_LIMIT = _reason(
    "TP236-15", "TP 184, 236(15)",
    "аванстық төлем шекті мөлшерінен асады: {amount_tiyn}, қалғаны {room_tiyn}",
    "превышен предельный размер аванса: {amount_tiyn}, остаток {room_tiyn}",
    "the advance {amount_tiyn} exceeds what its limit of the year leaves: {room_tiyn}",
    "ask for less; the limit is that of the registered agreement",
)  # fmt: skip
ADVANCE_NOT_WORKED_OFF = _reason(
    "TP191", "TP 191, 230(12)",
    "алдыңғы аванс толық ұсталмаған: {outstanding_tiyn}", "прежний аванс не отработан: {outstanding_tiyn}",
    "an older advance is still outstanding: {outstanding_tiyn}",
    "a new advance is paid only after acts have worked the old one off",
)  # fmt: skip
RESTORE_EXCEEDS = _reason(
    "PAY-RESTORE", "TP 237, BC 110(5)",
    "қайтарылған сома төлемнен асады: {amount_tiyn} > {room_tiyn}",
    "возвращено больше, чем можно восстановить: {amount_tiyn} > {room_tiyn}",
    "{amount_tiyn} came back, {room_tiyn} of payment {number} can be restored",
    "correct the act first when the advance was worked off",
)  # fmt: skip

# --- later years, penalties, debts, order of payment (contracts/commitments.py, contracts/registrations.py,
# contracts/supplements.py, contracts/obligations.py, contracts/queues.py)

BASE_EXPENDITURE = _reason(
    "BC109-04-BASE", "BC 109(4), 101(6), TP 178, 211",
    "{year} жылға міндеттеме базалық шығыстардан асады: әкімші {administrator}, {amount_tiyn}, "
    "қалғаны {room_tiyn}, базалық шығыстар {base_tiyn}",
    "обязательство на {year} год превышает базовые расходы: администратор {administrator}, {amount_tiyn}, "
    "остаток {room_tiyn}, базовые расходы {base_tiyn}",
    "{amount_tiyn} of {year} exceed what the base expenditure {base_tiyn} of administrator {administrator} "
    "leaves: {room_tiyn}",
    "lower the sum of that year, or have the finance body set its limits (limit.set)",
)  # fmt: skip
AGREEMENT_SUBJECT = _reason(
    "TP218-KIND", "TP 218",
    "шарттың мәні ерекшелікке сай емес: {kind}, ерекшелік {specific} – {kinds}",
    "предмет договора не соответствует специфике: {kind}, специфика {specific} – {kinds}",
    "the subject {kind} does not fit specific {specific}, which is for {kinds}",
    "register the agreement under the specific of its subject",
)  # fmt: skip
NOTIFICATION = _reason(
    "TP217-NOTIFICATION", "TP 208, 211, 217, 218",
    "алдыңғы хабарламаның нөмірі дұрыс емес: {obligation}, {notification}, дұрысы {expected}",
    "неверный номер предыдущего уведомления: {obligation}, {notification}, должен быть {expected}",
    "the last notification of {obligation} is {expected}, not {notification}",
    "name the number of the last notification of registration",
)  # fmt: skip
AGREEMENT_FULL = _reason(
    "AGR-FULL", "TP 215",
    "шарттағы өтінімдер тым көп: {agreement}, шегі {limit}",
    "слишком много заявок по договору: {agreement}, предел {limit}",
    "agreement {agreement} has {limit} obligations of all years, no more fit",
    "conclude the rest as an agreement of its own",
)  # fmt: skip
AGREEMENT_REST = _reason(
    "TP211", "TP 182, 211",
    "жылдар сомасы шарттың қалдығына тең емес: қалдық {left_tiyn}, жылдар бойынша {found_tiyn}",
    "суммы по годам не равны остатку договора: остаток {left_tiyn}, по годам {found_tiyn}",
    "{left_tiyn} of the total {total_tiyn} are left after {before_tiyn} of earlier years, the years state "
    "{found_tiyn}",
    "state the sums from this year on: the total less acts and the advance outstanding of earlier years",
)  # fmt: skip
REREGISTER_YEAR = _reason(
    "TP211-YEAR", "TP 211, 224",
    "шарт {budget} бюджетінің {last} жылына тіркелген: {agreement}",
    "договор зарегистрирован на {last} год бюджета {budget}: {agreement}",
    "agreement {agreement} is registered in {last} of budget {budget}, not in a year before {year}",
    "register again only agreements of an earlier year of the same budget; change this one with "
    "agreement.amend",
)  # fmt: skip
REREGISTER_TWICE = _reason(
    "TP211-TWICE", "TP 211, 215",
    "міндеттеме жалғастырылған: {previous} → {obligation}",
    "обязательство уже продолжено: {previous} → {obligation}",
    "obligation {obligation} goes on with {previous} already",
    "one obligation of the new year for each of the old ones",
)  # fmt: skip
PENALTY_EXCEEDS = _reason(
    "TP217-PENALTY", "TP 217",
    "тұрақсыздық айыбы қалған сомадан асады: {amount_tiyn} > {room_tiyn}",
    "неустойка больше остатка: {amount_tiyn} > {room_tiyn}",
    "the penalty {amount_tiyn} is more than is left to withhold it from: {room_tiyn}",
    "withhold a penalty before the final payment, from what is registered or from an act that is not paid",
)  # fmt: skip
ACT_PENALTY = _reason(
    "ACT-PENALTY", "BC 109(5), TP 217",
    "акт бойынша тұрақсыздық айыбы ұсталған: {act}, {penalty}, {amount_tiyn}",
    "по акту удержана неустойка: {act}, {penalty}, {amount_tiyn}",
    "{amount_tiyn} of act {act} are withheld as the penalty {penalty}",
    "settle the difference by a new act with the supplier",
)  # fmt: skip
ACTS_RETAINED = _reason(
    "ACT-RETAINED", "TP 191",
    "ақшасы ұсталған актілер тым көп: {obligation}, шегі {limit}",
    "слишком много актов с удержанием: {obligation}, предел {limit}",
    "money of {limit} acts under {obligation} is kept until commissioning, no more acts fit",
    "sign the rest as one act, or commission the object first",
)  # fmt: skip
EXEMPTION = _reason(
    "REG-EXEMPTION", "TP 179, REG",
    "бұл ерекшелік бойынша тіркеу міндетті емес, босату негізі қажет емес: {specific}, {exemption}",
    "по специфике регистрация не обязательна, основание освобождения лишнее: {specific}, {exemption}",
    "no registration is due under specific {specific}, so the exemption {exemption} has no place",
    "leave the exemption out",
)  # fmt: skip
DECEMBER = _reason(
    "TP202", "BC 101(5), TP 202",
    "өткен жылдың құжаты: {date}, ерекшелік {specific}, жыл {year}",
    "документ прошлого года: {date}, специфика {specific}, год {year}",
    "the document of {date} under specific {specific} belongs to a year before {year}",
    "only December's listed services are accepted in the first quarter; else accept the debt of that year",
)  # fmt: skip
DEBT_FORM = _reason(
    "DEBT-FORM", "TP 179, 208",
    "{field} деректемесі міндеттеменің түріне сай емес: {kind}",
    "реквизит {field} не соответствует виду обязательства: {kind}",
    "the field {field} does not fit an obligation of kind {kind}",
    "a debt names the obligation it arose under; nothing else names a debt or its notification",
)  # fmt: skip
DEBT_NONE = _reason(
    "DEBT-NONE", "TP 202, 208",
    "кредиторлық берешек жоқ: {debt}", "кредиторской задолженности нет: {debt}",
    "{holder} has no debt {debt} of a closed year of this budget",
    "check the obligation; list the debts of the institution",
)  # fmt: skip
DEBT_EXCEEDS = _reason(
    "TP208", "TP 208",
    "сома берешек қалдығынан асады: {debt}, {amount_tiyn} > {left_tiyn}",
    "сумма превышает остаток задолженности: {debt}, {amount_tiyn} > {left_tiyn}",
    "{amount_tiyn} are more than is left of debt {debt}: {left_tiyn}",
    "accept what is left; what was kept until commissioning has the kind retention",
)  # fmt: skip
DEBT_SPECIFIC = _reason(
    "TP208-SPECIFIC", "TP 208",
    "берешек сол ерекшелік бойынша төленеді: {debt}, {specific}, дұрысы {expected}",
    "задолженность оплачивается по той же специфике: {debt}, {specific}, должна быть {expected}",
    "debt {debt} arose under specific {expected}, not {specific}",
    "accept it under the specific it arose under",
)  # fmt: skip
DEBT_DATE = _reason(
    "TP208-DATE", "TP 208",
    "салыстыру актісінің күні {date}, дұрысы {expected}",
    "акт сверки датирован {date}, должен быть {expected}",
    "the reconciliation act is dated {date}, it must be dated {expected}",
    "sign a reconciliation act as of the 1st of the open month",
)  # fmt: skip
DEBT_PAYEE = _reason(
    "TP208-PAYEE", "TP 208",
    "берешектің алушысы басқа: {debt}, {payee}, дұрысы {expected}",
    "получатель задолженности другой: {debt}, {payee}, должен быть {expected}",
    "debt {debt} is owed to {expected}, not to {payee}",
    "name the payee of the debt",
)  # fmt: skip
PAYMENT_ORDER = _reason(
    "TP228-ORDER", "BC 110(3), TP 228",
    "төлемнің кезектілігі: кезек {priority}, төлемнен кейін {left_tiyn} қалады, кезек 1 – {first_tiyn}, "
    "кезек 2 – {second_tiyn}",
    "очерёдность платежей: очередь {priority}, после платежа останется {left_tiyn}, очередь 1 – "
    "{first_tiyn}, очередь 2 – {second_tiyn}",
    "a payment of priority {priority} would leave {left_tiyn}, but {first_tiyn} of priority 1 and "
    "{second_tiyn} of priority 2 wait",
    "execute or return the requests of higher priority first",
)  # fmt: skip
RESTORE_CODE = _reason(
    "TP237-CODE", "BC 110(5), TP 237",
    "{number} төлемі {year} жылдікі, түсімдер коды: {code}",
    "платёж {number} относится к {year} году, код поступлений: {code}",
    "payment {number} belongs to {year}; its receipts code is stated as {code}",
    "name a receipts code when the payment's year is closed, and none while it is open",
)  # fmt: skip

RESTORE_OWED = _reason(
    "TP237-OWED", "TP 202, 208, 237",
    "{number} төлемі ({year} жыл) қайта төленетін берешек бола алмайды",
    "платёж {number} ({year} год) не может остаться задолженностью перед получателем",
    "payment {number} of {year} leaves no debt to its payee",
    "state that it is owed still only of a payment of a closed year that is no advance: within its year the "
    "money is payable again by itself, and an advance that came back is owed by nobody",
)  # fmt: skip

CORRECT_EXCEEDS = _reason(
    "TP179-UNPAID", "BC 109(5), TP 179",
    "қайтарып алынатын сома төленбегеннен асады: {obligation}, {amount_tiyn} > {room_tiyn}",
    "отзывается больше, чем не оплачено: {obligation}, {amount_tiyn} > {room_tiyn}",
    "{amount_tiyn} cannot be taken back of obligation {obligation}, of which {room_tiyn} are not paid",
    "take back at most what is not paid; what is paid comes back by the restoration of its payment first",
)  # fmt: skip
CORRECT_ACT = _reason(
    "TP179-ACT", "BC 109(5), TP 179",
    "міндеттеме {agreement} шарты бойынша: {obligation}, акт көрсетілмеген",
    "обязательство принято по договору {agreement}: {obligation}, акт не указан",
    "obligation {obligation} is performed by acts of agreement {agreement}, and no act is named",
    "name the act; what is only registered is lowered by agreement.amend",
)  # fmt: skip

# --- holds and sequester (contracts/holds.py, contracts/sequester.py)

HOLD_EXISTS = _reason(
    "HOLD-EXISTS", "BC 111",
    "оқшаулау нөмірі қолданылған: {hold}", "номер блокировки уже использован: {hold}",
    "a hold {hold} of another ground or document exists",
    "give the new order its own id",
)  # fmt: skip
HOLD_NONE = _reason(
    "HOLD-NONE", "BC 111",
    "оқшаулау табылмады: {hold}", "блокировка не найдена: {hold}", "there is no hold {hold} of this kind",
    "check the id; list the holds",
)  # fmt: skip
HOLD_DONE = _reason(
    "HOLD-DONE", "BC 97, 111",
    "шешім орындалған немесе күші жойылған: {hold}", "решение уже исполняется или отменено: {hold}",
    "the hold {hold} is {status} already",
    "make a new decision",
)  # fmt: skip
HOLD_FREE = _reason(
    "HOLD-FREE", "BC 97(4), TP 35",
    "жолда бос қаражат жеткіліксіз: {holder}, керегі {amount_tiyn}, бары {free_tiyn}",
    "на позиции недостаточно свободных средств: {holder}, нужно {amount_tiyn}, есть {free_tiyn}",
    "{holder} has {free_tiyn} unaccepted and free on this line, the row takes {amount_tiyn}",
    "only money that is not accepted can be held; run the planner again",
)  # fmt: skip
HOLD_ROW = _reason(
    "HOLD-ROW", "BC 111",
    "оқшаулауда мұндай жол жоқ: {hold}, {holder}", "в блокировке нет такой строки: {hold}, {holder}",
    "the hold {hold} has no such row of {holder}",
    "check holder, line and expense identifier",
)  # fmt: skip
HOLD_AMOUNT = _reason(
    "HOLD-AMOUNT", "BC 111",
    "сома оқшауланғаннан асады: {amount_tiyn} > {held_tiyn}",
    "сумма превышает заблокированное: {amount_tiyn} > {held_tiyn}",
    "{amount_tiyn} is more than the hold keeps: {held_tiyn}",
    "take at most what is held",
)  # fmt: skip
HOLD_LINE = _reason(
    "HOLD-LINE", "BC 97, 111",
    "жол толық емес немесе басқа бюджеттікі: {holder}", "строка неполна или другого бюджета: {holder}",
    "a row names either a programme (pool of the administrator) or subprogramme and specific "
    "(institution): {holder}",
    "give both subprogramme and specific, or neither",
)  # fmt: skip
HOLD_EMPTY = _reason(
    "HOLD-EMPTY", "BC 111",
    "жолдар да, сома да көрсетілмеген немесе екеуі де көрсетілген", "указываются либо строки, либо сумма",
    "give either rows or an amount to lift in reverse order",
    "keep one of the two",
)  # fmt: skip
HOLD_SHORTFALL = _reason(
    "BC111-11", "BC 111(1)(11)",
    "оқшаулау түсімдердің толық түспеген сомасынан асады: {blocked_tiyn} > {shortfall_tiyn}",
    "блокировка превышает недопоступление доходов: {blocked_tiyn} > {shortfall_tiyn}",
    "blocks on this ground would reach {blocked_tiyn}, the shortfall is {shortfall_tiyn}",
    "block no more than receipts plan less fact",
)  # fmt: skip
SEQUESTER_PROTECTED = _reason(
    "BC97-04", "BC 97(4), 86(5)",
    "секвестрлеуге жатпайды: {administrator}/{programme}/{subprogramme}",
    "не подлежит секвестру: {administrator}/{programme}/{subprogramme}",
    "{administrator}/{programme}/{subprogramme} is on the list that is not sequestered",
    "take the row out",
)  # fmt: skip
SEQUESTER_UNSPLIT = _reason(
    "BC97-04-UNSPLIT", "BC 97(4)",
    "бағдарламада секвестрлеуге жатпайтын кіші бағдарлама бар, ал қаражат бөлінбеген: "
    "{administrator}/{programme}",
    "в программе есть подпрограмма, не подлежащая секвестру, а средства не распределены: "
    "{administrator}/{programme}",
    "{administrator}/{programme} has a protected subprogramme and this money is not split by "
    "subprogramme yet",
    "approve plans first, then cut the unprotected subprogrammes",
)  # fmt: skip
SEQUESTER_STATE = _reason(
    "BC70-06", "BC 70(6), 97(4), 148–149",
    "мемлекет міндеттемелері секвестрленбейді: {administrator}/{programme}",
    "обязательства государства не секвестрируются: {administrator}/{programme}",
    "{administrator}/{programme} fulfils state obligations, which are not sequestered",
    "take the row out",
)  # fmt: skip
SEQUESTER_INSTRUMENT = _reason(
    "BC97-02", "BC 97(2)",
    "үлес {share} %: {required} қажет, көрсетілгені {found}",
    "доля {share} %: требуется {required}, указано {found}",
    "the cuts of the year reach {share} % of unprotected expenditure: a {required} is needed, not a {found}",
    "below 10 % the Government decides by resolution, above 10 % a law does",
)  # fmt: skip
SEQUESTER_TEN = _reason(
    "BC97-02-TEN", "BC 97(2)",
    "үлес дәл 10 %: заң бұл жағдайды реттемейді", "доля ровно 10 %: закон этот случай не регулирует",
    "the cuts reach exactly 10 %, which the law does not regulate",
    "change the sum, or have the members set the parameter sequester-exact-ten",
)  # fmt: skip
SEQUESTER_TOTAL = _reason(
    "SEQ-TOTAL", "BC 97",
    "шешімнің жалпы сомасы дұрыс емес: мәлімделгені {total_tiyn}, жолдар бойынша {found_tiyn}",
    "общая сумма решения неверна: заявлено {total_tiyn}, по строкам {found_tiyn}",
    "the decision's stated total is {total_tiyn}, its rows reach {found_tiyn}",
    "every part states the same total of the whole decision, and the rows add up to it",
)  # fmt: skip
SEQUESTER_INCOMPLETE = _reason(
    "SEQ-PARTS", "BC 97(5)",
    "шешімнің барлық бөлігі енгізілмеген: {hold}, {placed_tiyn} / {total_tiyn}",
    "внесены не все части решения: {hold}, {placed_tiyn} из {total_tiyn}",
    "only {placed_tiyn} of {total_tiyn} of the decision {hold} is held",
    "submit the missing parts first",
)  # fmt: skip
SEQUESTER_SOURCE = _reason(
    "SEQ-SOURCE", "BC 97, 111",
    "жол алынатын оқшаулау ашық емес: {hold}", "блокировка, из которой берётся строка, не открыта: {hold}",
    "{hold} is not an open block of this budget and year",
    "check the block's id",
)  # fmt: skip
SEQUESTER_BEYOND = _reason(
    "SEQ-BEYOND", "BC 97(2), 97(4)",
    "қысқартуға болатын қаражат жеткіліксіз: керегі {amount_tiyn}, бары {free_tiyn}",
    "средств, которые можно сократить, недостаточно: нужно {amount_tiyn}, есть {free_tiyn}",
    "{amount_tiyn} is to be cut; {free_tiyn} is unprotected and not accepted",
    "lower the cut, or add a block to cut from",
)  # fmt: skip

# --- the end of a year (BC 101(5), 115)

YEAR_CLOSING = _reason(
    "YEAR-CLOSING", "BC 101(5), 115",
    "{budget} бюджетінің {year} жылы жабылып жатыр", "{year} год бюджета {budget} закрывается",
    "year {year} of budget {budget} is being closed",
    "wait until the treasury's last year.close of that year",
)  # fmt: skip
YEAR_CLOSED = _reason(
    "YEAR-CLOSED", "BC 101(5), 115",
    "{budget} бюджетінің {year} жылы жабылған", "{year} год бюджета {budget} закрыт",
    "year {year} of budget {budget} is closed",
    "what is left of that year goes on in the open one: register the agreement again, accept the debt",
)  # fmt: skip
YEAR_UNCLOSED = _reason(
    "YEAR-UNCLOSED", "BC 115, TP 208, 211",
    "{budget} бюджетінің {year} жылы әлі жабылмаған", "{year} год бюджета {budget} ещё не закрыт",
    "year {year} of budget {budget} is not closed yet",
    "wait until the treasury has closed that year (year.close)",
)  # fmt: skip


# --- changes of an adopted budget (contracts/budget_acts.py, contracts/changes.py)

BUDGET_ACT_ROWS = _reason(
    "BUDGET-ACT-ROWS", "BC 94, 97, 98",
    "акт тым көп бағдарламаны өзгертеді: {rows}, шегі {limit}",
    "акт изменяет слишком много программ: {rows} при пределе {limit}",
    "the act changes {rows} programmes, the limit is {limit}",
    "split the document into parts",
)  # fmt: skip
CHANGE_STATUS = _reason(
    "BC94-STATUS", "BC 94, 98, 90(4)",
    "бюджет әлі толық бекітілген жоқ: {budget}, {year} ({status})",
    "бюджет ещё не утверждён полностью: {budget}, {year} ({status})",
    "the budget {budget} of {year} is not wholly adopted: {status}",
    "record the whole law with budget.adopt first",
)  # fmt: skip
CHANGE_NEW_EMPTY = _reason(
    "BC94-NEW", "BC 86(3), 94",
    "жаңа бағдарламаға бірде-бір жол қаражат бермейді: {administrator}/{programme}",
    "новой программе ни одна строка не даёт средств: {administrator}/{programme}",
    "the new programme {administrator}/{programme} gets nothing from the document's rows",
    "add a row for it, or leave the programme out",
)  # fmt: skip
REFINE_EMPTY = _reason(
    "BC94-EMPTY", "BC 94",
    "нақтылауда көбейту де, азайтылатын оқшаулау жолдары да жоқ, немесе оқшаулаусыз жол саны берілген",
    "в уточнении нет ни увеличений, ни строк блокировки, либо число строк дано без блокировки",
    "the refinement has neither increases nor rows of a block, or a number of rows without a block",
    "name the block and how many of its rows to cut, or add increases",
)  # fmt: skip
REFINE_HOLD = _reason(
    "BC94-03", "BC 94(3), TP 228",
    "{hold} — {budget} {year} бюджетін нақтылауға арналған оқшаулау емес",
    "{hold} не является блокировкой под уточнение бюджета {budget} {year}",
    "{hold} is no block for a refinement of the budget {budget} of {year}",
    "block what the law cuts with treasury.block on the ground refinement, and name that block",
)  # fmt: skip
REFINE_TOTAL = _reason(
    "BC94-TOTAL", "BC 86(3), 94",
    "{section} бойынша жиын дұрыс емес: заңда {stated_tiyn}, есептелгені {found_tiyn}",
    "итог по разделу {section} неверен: в законе {stated_tiyn}, по учёту {found_tiyn}",
    "the total of {section} after the refinement is stated as {stated_tiyn}; the ledger comes "
    "to {found_tiyn}",
    "correct the rows or the stated total; a law in parts states the total after each part",
)  # fmt: skip
ADJUST_LOANS = _reason(
    "BC98-LOANS", "BC 98, TP 73",
    "қарыздар мен гранттардың қаражаты қайта бөлінбейді ({case})",
    "средства займов и грантов не перераспределяются ({case})",
    "money of loans and grants is never reallocated ({case})",
    "reallocate money of another source",
)  # fmt: skip
ADJUST_COMMISSION = _reason(
    "BC98-COMMISSION", "BC 98, TP 59",
    "бюджет комиссиясының шешімі көрсетілмеген ({case})",
    "не указано решение бюджетной комиссии ({case})",
    "the decision of the budget commission is missing ({case})",
    "name the commission's decision (of a rural budget: that of the local assembly)",
)  # fmt: skip
ADJUST_NEW = _reason(
    "BC98-NEW", "BC 98",
    "бұл жағдайда жаңа бағдарлама ашылмайды: {case}",
    "в этом случае новая программа не открывается: {case}",
    "the case {case} opens no new programme",
    "a new programme comes by law, or from a distributable programme, a reserve or a reorganisation",
)  # fmt: skip
ADJUST_PROPOSED = _reason(
    "TP59", "TP 59",
    "ұсыныс мерзімі дұрыс емес: {proposed}, кешіктірмей {last}",
    "срок предложения неверен: {proposed}, не позднее {last}",
    "the proposal is dated {proposed}; it is due in the budget year by {last}",
    "proposals come by the 25th of a quarter's first month, in the fourth quarter by 1 October",
)  # fmt: skip
ADJUST_QUARTER = _reason(
    "TP59-ONCE", "TP 59",
    "{administrator} әкімшісі {quarter}-тоқсанда ұсынысын енгізген: {first}",
    "администратор {administrator} уже внёс предложение в квартале {quarter}: {first}",
    "administrator {administrator} has proposed in quarter {quarter} already: on {first}",
    "wait for the next quarter, or name the proposal of that day",
)  # fmt: skip
ADJUST_SIDES = _reason(
    "BC98-SIDES", "BC 98",
    "жолдың екі жағы жағдайға сай емес: {case}",
    "стороны строки не соответствуют случаю: {case}",
    "the row's two sides do not fit the case {case}",
    "carry-over and opening balances have no giving programme; all other cases name one, other "
    "than the taking one",
)  # fmt: skip
ADJUST_NATURE = _reason(
    "BC98-NATURE", "BC 98",
    "{administrator}/{programme} бағдарламасының түрі бұл жағдайға сай емес: {found}, {case}",
    "вид программы {administrator}/{programme} не соответствует случаю: {found}, {case}",
    "programme {administrator}/{programme} is {found}: it gives nothing under the case {case}",
    "distribution takes from a distributable programme, reserve from a reserve",
)  # fmt: skip
ADJUST_DEVELOPMENT = _reason(
    "TP60", "TP 60",
    "{programme} және {other} — бір әкімшінің даму бағдарламалары емес",
    "{programme} и {other} не являются программами развития одного администратора",
    "{programme} and {other} are not both development programmes of one administrator",
    "use the case reallocation, with the commission's decision",
)  # fmt: skip
ADJUST_DEVELOPMENT_SHARE = _reason(
    "TP60-SHARE", "TP 60",
    "{administrator}/{programme}: жыл ішінде {moved_tiyn} ауысады, шегі {percent} % = {limit_tiyn}",
    "{administrator}/{programme}: за год перемещается {moved_tiyn}, предел {percent} % = {limit_tiyn}",
    "{administrator}/{programme} would give {moved_tiyn} over the year; {percent} % is {limit_tiyn}",
    "up to 5 % goes without the commission, up to 10 % with its decision; lower the sum or name the decision",
)  # fmt: skip
ADJUST_SHARE = _reason(
    "BC98-15", "BC 98",
    "{administrator}/{programme}: жыл ішінде {moved_tiyn} қайта бөлінеді, шегі {percent} % = {limit_tiyn}",
    "{administrator}/{programme}: за год перераспределяется {moved_tiyn}, предел {percent} % = {limit_tiyn}",
    "{administrator}/{programme} would give {moved_tiyn} over the year; {percent} % of its "
    "volume is {limit_tiyn}",
    "lower the sum; what goes beyond needs an amending law",
)  # fmt: skip
ADJUST_POOL = _reason(
    "BC98-FREE", "BC 98, TP 57",
    "{administrator}/{programme}: бөлінбеген қаражат жетпейді: керегі {amount_tiyn}, бары {free_tiyn}",
    "{administrator}/{programme}: нераспределённых средств недостаточно: нужно {amount_tiyn}, "
    "есть {free_tiyn}",
    "{administrator}/{programme} has {free_tiyn} that no plan distributes; {amount_tiyn} is to be moved",
    "return money of the plans to the programme with an amendment of kind b first",
)  # fmt: skip
ADJUST_CARRY_OVER = _reason(
    "BC115-02", "BC 115(2)",
    "рұқсат етілген қалдықтан асады: {amount_tiyn}, қалғаны {free_tiyn}",
    "превышен разрешённый остаток: {amount_tiyn}, осталось {free_tiyn}",
    "{amount_tiyn} exceeds what the list of the year before still permits: {free_tiyn}",
    "lower the sum to what the list permits and the closed year carried over",
)  # fmt: skip
ADJUST_OPENING = _reason(
    "BC98-OPENING", "BC 98",
    "жыл басындағы бос қалдықтан асады: {amount_tiyn}, қалғаны {free_tiyn}",
    "превышены свободные остатки на начало года: {amount_tiyn}, осталось {free_tiyn}",
    "{amount_tiyn} exceeds what is left of the cash accounts' opening balances: {free_tiyn}",
    "post the opening balance first, or lower the sum",
)  # fmt: skip
BUDGET_AUTHORITY = _reason(
    "BUDGET-AUTHORITY", "BC 7, 106",
    "{institution} {budget} бюджетімен жұмыс істей алмайды; рұқсат етілгендер: {permitted}",
    "учреждение {institution} не вправе действовать по бюджету {budget}; вправе: {permitted}",
    "{institution} may not act on the budget {budget}; it is for: {permitted}",
    "have the document made by a named institution, or publish a new version of the budget's entry",
)  # fmt: skip

# --- transfers between budgets (contracts/budgets.py, contracts/transfers.py)

TRANSFER_LEVEL = _reason(
    "BC76", "BC 7, 76",
    "{budget} және {other} бюджеттері арасында тікелей қатынас жоқ",
    "между бюджетами {budget} и {other} нет прямых отношений",
    "the budgets {budget} and {other} have no direct relations: only neighbours of the levels "
    "01, 02, 03, 06 have",
    "send the transfer to the neighbouring level, which sends it on",
)  # fmt: skip
TRANSFER_UPPER = _reason(
    "BC76-UPPER", "BC 76",
    "{budget} бюджетінен жоғары тұрған бюджет {upper}, {found} емес",
    "вышестоящий бюджет для {budget} — {upper}, а не {found}",
    "the budget above {budget} is {upper}, not {found}",
    "name a payee of the right budget, or correct the directory of budgets",
)  # fmt: skip
TRANSFER_SPECIFIC = _reason(
    "BC76-SPECIFIC", "BC 76, 13",
    "{specific} ерекшелігі бұл бағыттағы трансфертке арналмаған: {budget} → {other}",
    "специфика {specific} не предназначена для трансферта {budget} → {other}",
    "the specific {specific} does not serve a transfer from {budget} to {other}",
    "returns (336, 338) and withdrawals (332) go up; subventions and targeted transfers (331, "
    "339, 441) go down",
)  # fmt: skip
TRANSFER_RETURN = _reason(
    "BC76-338", "BC 76, TP 19(3)–(4)",
    "алынған және қайтарылмаған трансферттерден асады: {amount_tiyn}, қалғаны {room_tiyn}",
    "превышены полученные и не возвращённые трансферты: {amount_tiyn}, осталось {room_tiyn}",
    "{amount_tiyn} exceeds the transfers received from {upper} and not returned: {room_tiyn}",
    "return no more than was received in this year and the one before",
)  # fmt: skip

# --- changes of plans and recoding (contracts/plans.py, contracts/plan_changes.py, contracts/recodes.py)

PLAN_CLOSED_MONTH = _reason(
    "TP48-PLAN", "TP 35, 48",
    "жоспардың жабық айлары өзгертілмейді: {field}, {month}-ай, болуы тиіс {expected_tiyn}, "
    "берілгені {amount_tiyn}",
    "закрытые месяцы плана не изменяются: {field}, месяц {month}, должно быть {expected_tiyn}, "
    "указано {amount_tiyn}",
    "closed months of a plan are frozen: month {month} of {field} is {expected_tiyn}, {amount_tiyn} was "
    "given",
    "keep the figures of closed months (zero in a new plan) and change open months",
)  # fmt: skip
PLAN_QUARTER = _reason(
    "TP30", "BC 90(4), TP 30",
    "бюджет бекітілгенге дейін жоспар тек бірінші тоқсанға жасалады: {field}, {month}-ай",
    "до утверждения бюджета план составляется только на первый квартал: {field}, месяц {month}",
    "until the budget is adopted a plan covers the first quarter only: {field}, month {month}",
    "keep the figure of March to the end of the year",
)  # fmt: skip
AMEND_TWICE = _reason(
    "AMD-TWICE", "TP 35",
    "позиция анықтамада екі рет берілген: {holder}, {subprogramme}/{specific}",
    "позиция указана в справке дважды: {holder}, {subprogramme}/{specific}",
    "{holder} {subprogramme}/{specific} stands twice in the certificate",
    "give one row with the new figures of each position",
)  # fmt: skip
AMEND_EXISTS = _reason(
    "AMD-EXISTS", "TP 33",
    "анықтама нөмірі қолданылған: {certificate}", "номер справки уже использован: {certificate}",
    "certificate {certificate} of this programme was carried out already",
    "give the new certificate its own number",
)  # fmt: skip
AMEND_UNCHANGED = _reason(
    "AMD-SAME", "TP 33",
    "анықтама жоспарды өзгертпейді: {certificate}", "справка ничего не меняет: {certificate}",
    "certificate {certificate} changes no figure",
    "give new figures of the positions that change",
)  # fmt: skip
AMEND_MONTHLY = _reason(
    "TP33-MONTH", "TP 33, 37, 43",
    "бағдарлама жоспары осы айда өзгертілген: {month}-ай, түрі {kind}, жасалғаны {done}, шегі {limit}",
    "план программы в этом месяце уже менялся: месяц {month}, вид {kind}, сделано {done}, предел {limit}",
    "the plans of the programme were changed {done} times by certificates of kind {kind} in month {month}; "
    "{limit} is the limit",
    "wait for the next month, or name the cause of TP 33 that permits it (transfers, social payments, court, "
    "classification, distributable programme, debt)",
)  # fmt: skip
AMEND_DAY = _reason(
    "TP33-DAY", "TP 33, 37, 43",
    "анықтама айдың {limit}-күніне дейін беріледі: операциялық күн {day}",
    "справка подаётся до {limit} числа месяца: операционный день {day}",
    "certificates are filed by day {limit} of the month; the operational day is {day}",
    "file it in the next month, or name the cause of TP 33 that permits it (transfers, social payments, "
    "court, classification, distributable programme, debt)",
)  # fmt: skip
AMEND_TOTALS = _reason(
    "BC105-07", "BC 105(7), TP 34",
    "бағдарламаның айлық сомасы өзгереді: {field}, {month}-ай, бұрын {before_tiyn}, енді {after_tiyn}",
    "меняется помесячная сумма программы: {field}, месяц {month}, было {before_tiyn}, стало {after_tiyn}",
    "a certificate of kind a keeps the programme's totals: {field} of the named positions to month {month} "
    "was "
    "{before_tiyn}, would be {after_tiyn}",
    "balance the rows in every month, or send a certificate of kind b to the treasury",
)  # fmt: skip
AMEND_SHIFT = _reason(
    "TP35-SHIFT", "TP 35",
    "ерекшелік ағымдағы ай мен келесі айлар арасында жылжытылмайды: {field}, {month}-ай",
    "перемещение специфики между текущим и будущими месяцами не допускается: {field}, месяц {month}",
    "a certificate of kind a moves nothing of a specific between the open month {month} and later ones: "
    "{field}",
    "change the open month and later months in one direction, or send a certificate of kind b",
)  # fmt: skip
AMEND_ACCEPTED = _reason(
    "TP35-ACCEPTED", "TP 35, 39, 43",
    "жоспар қабылданған міндеттемелерден төмендейді: {month}-ай, жоспар {plan_tiyn}, қабылданғаны "
    "{accepted_tiyn}",
    "план становится меньше принятых обязательств: месяц {month}, план {plan_tiyn}, принято {accepted_tiyn}",
    "in month {month} the obligations plan would be {plan_tiyn}, accepted are {accepted_tiyn}",
    "lower the plan by what is not accepted at most",
)  # fmt: skip
AMEND_REDEEMED = _reason(
    "TP35-REDEEMED", "TP 35",
    "жоспар кассалық шығыстардан төмендейді: {month}-ай, жоспар {plan_tiyn}, төленгені {redeemed_tiyn}",
    "план становится меньше кассовых расходов: месяц {month}, план {plan_tiyn}, оплачено {redeemed_tiyn}",
    "in month {month} the payments plan would be {plan_tiyn}, {redeemed_tiyn} are paid",
    "lower the plan by what is not paid at most",
)  # fmt: skip
AMEND_FREE = _reason(
    "TP35-FREE", "TP 35",
    "азайту қабылданбаған бос сомадан асады: {amount_tiyn}, бары {free_tiyn}",
    "уменьшение превышает непринятую свободную сумму: {amount_tiyn}, есть {free_tiyn}",
    "the annual plan falls by {amount_tiyn}; {free_tiyn} is neither accepted nor blocked under this expense "
    "id",
    "lower it by less, name the expense id under which the money stands, or have the block lifted",
)  # fmt: skip
AMEND_DEFERS = _reason(
    "TP43-CAUSE", "TP 43",
    "ағымдағы айдың жоспары себепсіз кейінгі айларға ауыстырылмайды: {field}, {month}-ай, {amount_tiyn}",
    "план текущего месяца не переносится на последующие без причины: {field}, месяц {month}, {amount_tiyn}",
    "{amount_tiyn} of {field} of the open month {month} would go to later months without a cause of TP 43",
    "name the cause: cash_deficit, force_majeure, litigation, smaller_advance, savings, vacancies, "
    "planned_cut",
)  # fmt: skip
AMEND_CASH = _reason(
    "TP43-CASH", "TP 43, BC 113",
    "қолма-қол ақша тапшылығы кезінде төлемдер ертерек айға ауыстырылмайды: {month}-ай, {amount_tiyn}, "
    "жетпейтіні {missing_tiyn}",
    "при дефиците наличности платежи не переносятся на более ранний месяц: месяц {month}, {amount_tiyn}, "
    "не хватает {missing_tiyn}",
    "{amount_tiyn} of payments would come forward to month {month} while the cash account lacks "
    "{missing_tiyn}",
    "wait until the receipts of the closed months have come in and the account covers the open month",
)  # fmt: skip
AMEND_IN_PROCESS = _reason(
    "TP35-PROCESS", "TP 35, BC 111(1)(1)",
    "осы кодтың басқа өзгерісі қаралып жатыр: {scope}, {document}",
    "по этому коду уже рассматривается другое изменение: {scope}, {document}",
    "another change of this code is in process: {scope}, {document}",
    "wait until it is carried out, rejected or withdrawn",
)  # fmt: skip
RECODE_LINE = _reason(
    "TP78-LINE", "TP 78",
    "кіші бағдарлама мен ерекшелік бірге беріледі немесе екеуі де берілмейді",
    "подпрограмма и специфика указываются вместе либо не указываются обе, с обеих сторон",
    "subprogramme and specific are both given, or both left out for the undistributed money, on both sides",
    "give both codes of a position, or none for the administrator's undistributed money",
)  # fmt: skip
RECODE_TWICE = _reason(
    "TP78-TWICE", "TP 78",
    "позиция құжатта екі рет немесе өзіне көшіріледі: {holder}, {programme}/{subprogramme}/{specific}",
    "позиция указана дважды, переносится на себя или и туда, и оттуда: {holder}, "
    "{programme}/{subprogramme}/{specific}",
    "{holder} {programme}/{subprogramme}/{specific} stands twice as a source, or as source and target",
    "name each position once; a chain of changes takes one document a step",
)  # fmt: skip
RECODE_EMPTY = _reason(
    "TP78-EMPTY", "TP 78",
    "позицияда көшірілетін ештеңе жоқ: {holder}, {programme}/{subprogramme}/{specific}",
    "на позиции нечего переносить: {holder}, {programme}/{subprogramme}/{specific}",
    "nothing stands under {holder} {programme}/{subprogramme}/{specific}",
    "check the codes; list the plans and tokens of the holder",
)  # fmt: skip
RECODE_SIZE = _reason(
    "TP78-SIZE", "TP 78; budget-machine 4",
    "бір құжат {limit} токеннен аспайды", "один документ переносит не более {limit} токенов",
    "one document carries at most {limit} tokens",
    "give fewer positions in one document",
)  # fmt: skip
RECODE_HELD = _reason(
    "TP78-HELD", "TP 78, BC 111",
    "позицияда оқшауланған қаражат бар: {holder}, {held_tiyn}",
    "на позиции есть заблокированные средства: {holder}, {held_tiyn}",
    "{held_tiyn} of {holder} stand under a hold, which names the old codes",
    "lift the block, or end the sequester, before the codes change",
)  # fmt: skip
RECODE_SPLIT = _reason(
    "TP78-AGREEMENT", "TP 78, 215",
    "шарт бөлінбейді: {agreement}, міндеттеме {obligation} ескі позицияда қалады",
    "договор не делится: {agreement}, обязательство {obligation} остаётся на прежней позиции",
    "agreement {agreement} would be split: its obligation {obligation} stays behind or goes elsewhere",
    "move all obligations of the agreement to one programme and institution in one document",
)  # fmt: skip
RECODE_NAME = _reason(
    "TP78-NAME", "TP 78",
    "қабылдаушы мекемеде мұндай нөмір бар: {name}", "у принимающего учреждения уже есть такой номер: {name}",
    "the receiving institution has a document {name} already",
    "the two documents cannot be told apart: end one of them first",
)  # fmt: skip
RECODE_SECTION = _reason(
    "TP78-SECTION", "TP 78, BC 9(3), 98",
    "бағдарламалар бюджеттің әр түрлі бөлімінде: {section} және {found}",
    "программы стоят в разных разделах бюджета: {section} и {found}",
    "the programmes stand in different sections of the budget: {section} and {found}",
    "neither a change of codes nor a reallocation moves money between costs, loans and financial assets: "
    "that takes a law",
)  # fmt: skip
RECODE_CAUSE = _reason(
    "TP78-CAUSE", "TP 78, BC 98, 106(4)",
    "{cause} себебі {holder} → {target} көшіруге сай емес",
    "причина {cause} не подходит к переносу {holder} → {target}",
    "the cause {cause} does not fit a move from {holder} to {target}",
    "a change of classification stays with the institution; a reorganisation goes to another institution or "
    "administrator: one document for each cause",
)  # fmt: skip
RECODE_SUCCESSOR = _reason(
    "TP78-SUCCESSOR", "TP 78, BC 10(4), 106(4)",
    "{directory} анықтамалығында {old} орнына {new} келетіні жарияланбаған",
    "в справочнике {directory} не опубликовано, что {new} приходит на место {old}",
    "the directory {directory} does not say that {new} comes in the place of {old}",
    "have the finance body publish a version of the old code that names the new one in its attribute "
    "replaced-by, or of a classification has ended; money is otherwise moved by adjustment (BC 98)",
)  # fmt: skip
RECODE_PROTECTED = _reason(
    "TP78-PROTECTED", "TP 78, BC 97(4)",
    "{programme} қорғалған қаражаты қорғалмаған {target} бағдарламасына көшірілмейді",
    "защищённые средства {programme} не переносятся в незащищённую программу {target}",
    "money of {programme} is protected from a sequester, and {target} would not protect it",
    "name a programme with the same protection; what is protected is changed by law alone",
)  # fmt: skip
RECODE_CARRY_OVER = _reason(
    "TP78-CARRY-OVER", "TP 78, BC 115(2)",
    "{programme} {year} жылғы ауысатын қалдықтар тізімінде: құжат оны бірнеше бағдарламаға бөледі",
    "{programme} стоит в перечне остатков {year} года: документ делит её между несколькими программами",
    "{programme} is on the carry-over list of {year}, and this document divides all it has left",
    "carry the last positions to one programme in a document of its own: the list goes with them",
)  # fmt: skip
YEAR_NOT_ENDED = _reason(
    "YEAR-NOT-ENDED", "BC 101(5)",
    "{year} жыл аяқталған жоқ: операциялық күн {day}", "{year} год не закончился: операционный день {day}",
    "year {year} has not ended: the operational day is {day}",
    "close the year after the treasury has opened a day of the next one",
)  # fmt: skip
CARRY_OVER_SOURCE = _reason(
    "BC115-02-SOURCE", "BC 115(2)",
    "ауысатын қалдық — бюджеттің өз қаражаты (1-көз), берілген көз {source}",
    "переходящий остаток — средства самого бюджета (источник 1), указан источник {source}",
    "carry-over is money of the budget itself, of source 1; the document names source {source}",
    "name source 1; money of loans, grants and paid services comes by its own rules",
)  # fmt: skip
CARRY_OVER_LATE = _reason(
    "BC115-02-DATE", "BC 115(2)",
    "ауысатын қалдықтар тізімі 1 желтоқсанға дейін жасалады: соңғы күні {last}, операциялық күн {day}",
    "перечень переходящих остатков составляется до 1 декабря: последний день {last}, операционный {day}",
    "the list of permitted carry-over is made before 1 December: by {last}, the operational day is {day}",
    "what is not listed lapses on 31 December; ask for it in the next budget",
)  # fmt: skip
CARRY_OVER_TWICE = _reason(
    "BC115-02-ROW", "BC 115(2)",
    "бағдарлама тізімде екі рет аталған: {administrator}/{programme}",
    "программа названа в перечне дважды: {administrator}/{programme}",
    "the list names programme {administrator}/{programme} twice",
    "state one sum for a programme",
)  # fmt: skip
CARRY_OVER_AMOUNT = _reason(
    "BC115-02-SUM", "BC 115(2)–(3)",
    "тізімдегі сома бағдарламаның өткен жылдан ауысқансыз көлемінен асады: {amount_tiyn} > {programme_tiyn}",
    "сумма перечня больше объёма программы без перешедшего с прошлого года: {amount_tiyn} > {programme_tiyn}",
    "{amount_tiyn} is listed of a programme that may spend {programme_tiyn} besides what was carried over",
    "list at most what the programme has of its own year: money is carried over once",
)  # fmt: skip

# --- ratings, and money not accepted in time (E-Qazyna concept)

RATING_MONTH = _reason(
    "RATING-MONTH", "EQ",
    "рейтинг ашық айға есептеледі: {year} жылдың {month}-айы, есептелетіні {found}",
    "рейтинг считается за открытый месяц: месяц {month} {year} года, считается {found}",
    "a rating is of the open month: month {month} of {year}, to be rated is {found}",
    "compute the rating of the open month, or of December until the year is closed",
)  # fmt: skip
RATING_FORMULA = _reason(
    "RATING-FORMULA", "EQ",
    "формуланың нұсқасы қолданыста емес: {formula}, қолданыстағысы {found}",
    "версия формулы не действует: {formula}, действует {found}",
    "version {formula} of the formula is not in force; in force is {found}",
    "compute with the formula in force (eqz rating explain)",
)  # fmt: skip
RATING_TWICE = _reason(
    "RATING-ROW", "EQ",
    "әкімші екі рет аталған: {administrator}", "администратор назван дважды: {administrator}",
    "administrator {administrator} is named twice",
    "leave one row for an administrator",
)  # fmt: skip
RATING_ORDER = _reason(
    "RATING-ORDER", "EQ",
    "қайта бөлуде рейтингі жоғары әкімші бірінші: {administrator}, рейтингі {score}, алдыңғы жолда {before}",
    "при перераспределении первым идёт администратор с более высоким рейтингом: {administrator}, "
    "рейтинг {score}, в строке выше {before}",
    "a reallocation serves the better rating first: {administrator} has {score}, the row before {before}",
    "put the rows in the order of the takers' ratings (eqz rating list), the highest first",
)  # fmt: skip
RATING_NOTHING = _reason(
    "RATING-PLAN", "EQ",
    "әкімшіде бағаланатын жоспар жоқ: {administrator}",
    "у администратора нет планов, чтобы оценивать: {administrator}",
    "administrator {administrator} has no financing plan to be rated by",
    "leave out the row; check budget, year and code",
)  # fmt: skip
RATING_FIGURE = _reason(
    "RATING-FIGURE", "EQ",
    "{administrator} рейтингі тізілім деректеріне сай емес: {field}: {stated}, тізілімде {found}",
    "рейтинг {administrator} расходится с реестром: {field}: {stated}, в реестре {found}",
    "the rating of {administrator} differs from the ledger: {field} is {stated}, the ledger gives {found}",
    "compute again from the present state (eqz rating compute)",
)  # fmt: skip
UNACCEPTED_MONTH = _reason(
    "UNACCEPTED-MONTH", "EQ; MON",
    "ескертілетін ай дұрыс емес: {month}, мерзімі өткені {found} ({days} күн)",
    "предупреждают не о том месяце: {month}, срок ({days} дней) прошёл за {found}",
    "month {month} is not to be warned of: {days} days have passed since month {found} (0: none)",
    "warn of the latest month that ended so many days ago (parameter unaccepted-days)",
)  # fmt: skip
UNACCEPTED_AMOUNT = _reason(
    "UNACCEPTED-SUM", "EQ; MON",
    "{holder} бойынша қабылданбаған сома басқа: {stated_tiyn}, тізілімде {found_tiyn}",
    "не принятая сумма по {holder} другая: {stated_tiyn}, в реестре {found_tiyn}",
    "{stated_tiyn} is said not to be accepted by {holder}, the ledger gives {found_tiyn}",
    "take the figures again (eqz rating unaccepted)",
)  # fmt: skip
UNACCEPTED_WARNED = _reason(
    "UNACCEPTED-TWICE", "EQ; MON",
    "{holder} бұл ай туралы {day} ескертілген", "{holder} уже предупреждён об этом месяце: {day}",
    "{holder} was warned of this month on {day}",
    "leave out the row",
)  # fmt: skip
UNACCEPTED_NONE = _reason(
    "UNACCEPTED-NONE", "EQ; MON",
    "мұндай ескерту жоқ: {holder}, {administrator}", "такого предупреждения нет: {holder}, {administrator}",
    "no warning stands for this position of {holder}, administrator {administrator}",
    "check the codes (eqz rating warnings)",
)  # fmt: skip
UNACCEPTED_OBJECTED = _reason(
    "UNACCEPTED-OBJECTED", "EQ; MON",
    "{holder} бойынша қарсылық {day} жазылған", "возражение по {holder} уже записано: {day}",
    "an objection for {holder} was recorded on {day}",
    "nothing is to be done: no amendment is proposed for it",
)  # fmt: skip

# --- formation of the budget (contracts/formation.py, contracts/requests.py, contracts/appropriations.py)

LIMIT_TWICE = _reason(
    "LIMIT-TWICE", "BC 74(5)",
    "әкімші екі рет берілген: {administrator}", "администратор указан дважды: {administrator}",
    "administrator {administrator} stands twice in the document",
    "keep one row for each administrator",
)  # fmt: skip
LIMIT_NONE = _reason(
    "BC74-NONE", "BC 74(6), 75(10)",
    "лимиттер белгіленбеген: {budget}, {year} жыл, әкімші {administrator}",
    "лимиты не доведены: {budget}, {year} год, администратор {administrator}",
    "no limits of {budget} for {year} are set for administrator {administrator}",
    "wait until the authorised body sets them (limit.set): requests come after limits",
)  # fmt: skip
LIMIT_USED = _reason(
    "BC74-USED", "BC 74(5)–(7)",
    "лимит сұратылғаннан төмен: {administrator}, {block}, лимит {amount_tiyn}, сұратылғаны {used_tiyn}",
    "лимит ниже запрошенного: {administrator}, {block}, лимит {amount_tiyn}, запрошено {used_tiyn}",
    "the limit {amount_tiyn} of block {block} is below what consolidated requests of {administrator} take: "
    "{used_tiyn}",
    "return requests to the administrator first, or set a higher limit",
)  # fmt: skip
LIMIT_PROMISED = _reason(
    "BC109-04-LIMIT", "BC 74(5), 109(4), 101(6), TP 178",
    "базалық шығыстар тіркелген шарттардан төмен: {administrator}, лимит {amount_tiyn}, "
    "шарттар бойынша {promised_tiyn}",
    "базовые расходы ниже зарегистрированных договоров: {administrator}, лимит {amount_tiyn}, "
    "по договорам {promised_tiyn}",
    "the base {amount_tiyn} of {administrator} is below what registered agreements promise of the year: "
    "{promised_tiyn}",
    "have agreements amended down in the later year first, or set a higher base",
)  # fmt: skip
LIMIT_EXCEEDED = _reason(
    "BC74-LIMIT", "BC 74(5), 75(2)",
    "сұраныс лимиттен асады: {administrator}, {block}, лимит {limit_tiyn}, сұралғаны {found_tiyn}",
    "запрос превышает лимит: {administrator}, {block}, лимит {limit_tiyn}, запрошено {found_tiyn}",
    "the requests of {administrator} take {found_tiyn} of block {block}, the limit is {limit_tiyn}",
    "lower items of this block (reductions), or ask the authorised body for a higher limit",
)  # fmt: skip
REQUEST_YEAR = _reason(
    "BC74-YEAR", "BC 74, 86",
    "бюджет алдағы үш жылға қалыптастырылады: берілгені {year}, рұқсаты {first}–{last}",
    "бюджет формируется на три предстоящих года: указан {year}, допустимы {first}–{last}",
    "a budget is formed for the three years to come, {first} to {last}; {year} was given",
    "check the year",
)  # fmt: skip
REQUEST_ADOPTED = _reason(
    "REQ-ADOPTED", "BC 75, 90",
    "бюджет бекітілген немесе заң тіркелуде, сұраныс берілмейді: {budget}, {year} жыл",
    "бюджет утверждён или закон вносится, запросы не принимаются: {budget}, {year} год",
    "the law on the budget {budget} of {year} is recorded: nothing more is asked for that year",
    "what changes an adopted budget is a refinement (BC 94) or an adjustment (BC 98)",
)  # fmt: skip
REQUEST_NONE = _reason(
    "REQ-NONE", "BC 75",
    "бағдарлама бойынша бюджеттік сұраныс жоқ: {budget}, {year}, {administrator}/{programme}",
    "бюджетного запроса по программе нет: {budget}, {year}, {administrator}/{programme}",
    "no institution formed a request of {budget} for {year} under {administrator}/{programme}",
    "check budget, year, administrator and programme (eqz request list)",
)  # fmt: skip
REQUEST_STATUS = _reason(
    "REQ-STATUS", "EQ; BC 71, 75",
    "{administrator}/{programme} сұранысының мәртебесі {status}, қажеттісі {wanted}",
    "запрос {administrator}/{programme} в статусе {status}, нужен {wanted}",
    "the request of {administrator}/{programme} stands at {status}, this document needs it at {wanted}",
    "statuses come in their order, none is left out; what stands later is returned first (request.return)",
)  # fmt: skip
REQUEST_SOURCE = _reason(
    "REQ-SOURCE", "TP 213(2)",
    "{programme} бағдарламасы {source} көзінен сұралған, берілгені {found}",
    "программа {programme} запрошена из источника {source}, указан {found}",
    "programme {programme} is asked for from source {source}, {found} was given",
    "one programme has one source of financing",
)  # fmt: skip
REQUEST_TWICE = _reason(
    "REQ-TWICE", "STD 2",
    "шығыс идентификаторы құжатта екі рет берілген: {expense}",
    "идентификатор расхода указан в документе дважды: {expense}",
    "the expense id {expense} stands twice in the document",
    "keep one row for each expense id",
)  # fmt: skip
REQUEST_CALCULATION = _reason(
    "BC71-SUM", "BC 71(1)(15)",
    "есеп сомаға сай емес: {quantity} × {price_tiyn}, күтілгені {expected_tiyn}, берілгені {amount_tiyn}",
    "расчёт не сходится с суммой: {quantity} × {price_tiyn}, ожидается {expected_tiyn}, "
    "указано {amount_tiyn}",
    "the calculation {quantity} × {price_tiyn} gives {expected_tiyn}, rounded up to 100 tenge; the item asks "
    "for {amount_tiyn}",
    "correct quantity, price or amount",
)  # fmt: skip
REQUEST_ITEMS = _reason(
    "REQ-ITEMS", "budget-machine 4",
    "бағдарлама сұранысының тармақтары тым көп: {programme}, шегі {limit}",
    "в запросе по программе слишком много позиций: {programme}, предел {limit}",
    "the request of programme {programme} has as many items as one decision can take: {limit}",
    "put expenses of one specific together under one expense id",
)  # fmt: skip
REQUEST_EXPENSE = _reason(
    "STD2-TAKEN", "STD 2",
    "шығыс идентификаторы басқа сұранысқа тиесілі: {expense}, {administrator}/{programme}",
    "идентификатор расхода принадлежит другому запросу: {expense}, {administrator}/{programme}",
    "the expense id {expense} belongs to another institution's request, under {administrator}/{programme}",
    "give the item an id of its own: ids are unique in a budget and year",
)  # fmt: skip
REQUEST_ITEM = _reason(
    "REQ-ITEM", "STD 2, BC 75(3)",
    "сұраныста мұндай тармақ жоқ: {expense}, {administrator}/{programme}",
    "в запросе нет такой позиции: {expense}, {administrator}/{programme}",
    "the request of {administrator}/{programme} has no item {expense}",
    "take the expense id from `eqz request items`",
)  # fmt: skip
REQUEST_BEYOND = _reason(
    "REQ-BEYOND", "BC 75(16)",
    "қысқарту тармақтың сомасынан асады: {expense}, {amount_tiyn}, сұралғаны {live_tiyn}",
    "сокращение больше суммы позиции: {expense}, {amount_tiyn}, запрошено {live_tiyn}",
    "{expense} is lowered by {amount_tiyn}, {live_tiyn} are asked for",
    "lower the item by no more than what is asked for",
)  # fmt: skip
REQUEST_TOTAL = _reason(
    "REQ-TOTAL", "BC 75",
    "шешімнің сомасы сұраныспен сәйкес емес: шешімде {stated_tiyn}, қысқартудан кейін {found_tiyn}",
    "сумма решения не сходится с запросом: в решении {stated_tiyn}, после сокращений {found_tiyn}",
    "the decision states {stated_tiyn}, the request has {found_tiyn} after the reductions",
    "read the request again (eqz request items): it has changed, or a reduction is missing",
)  # fmt: skip
REQUEST_RETURNED = _reason(
    "REQ-RETURNED", "BC 75(16)",
    "{holder} мекемесіне қайтарылған бөлік қайта қалыптастырылмаған: {programme}",
    "возвращённая учреждению {holder} часть запроса не сформирована заново: {programme}",
    "the part of {holder} under programme {programme} was returned and is not formed again",
    "have the institution form its items again (request.form)",
)  # fmt: skip
REQUEST_AUTHORITY = _reason(
    "REQ-AUTHORITY", "BC 71, 86(7), 90, 92",
    "{institution} ({kind}) бұл мәртебе бойынша шешпейді: {status}; құқылылар: {permitted}",
    "{institution} ({kind}) не решает по статусу {status}; вправе: {permitted}",
    "{institution} ({kind}) does not decide at status {status}; this is for: {permitted}",
    "have the document made by an institution of the named kind",
)  # fmt: skip
REQUEST_FOREIGN = _reason(
    "REQ-FOREIGN", "BC 75",
    "{institution} басқа әкімшінің сұранысын қайтара алмайды: {administrator}",
    "{institution} не вправе возвращать запрос другого администратора: {administrator}",
    "{institution} may not return a request of administrator {administrator}",
    "check the administrator's code",
)  # fmt: skip
REQUEST_BACK = _reason(
    "REQ-BACK", "EQ; BC 75(16)",
    "сұраныс тек бұрынғы мәртебеге қайтарылады: қазіргісі {status}, берілгені {wanted}",
    "запрос возвращается только к более раннему статусу: сейчас {status}, указан {wanted}",
    "a request goes back to an earlier status only: it stands at {status}, {wanted} was given",
    "name an earlier status",
)  # fmt: skip
REQUEST_HOLDER = _reason(
    "REQ-HOLDER", "BC 75(16)",
    "мекеменің сұраныста бөлігі жоқ не мәртебе «мемлекеттік мекеме қалыптастырған» емес: {holder}, {status}",
    "у учреждения нет части в запросе либо статус не «сформирована ГУ»: {holder}, {status}",
    "{holder} has no part in the request, or the request goes back to {status}, not to formed",
    "name an institution of the request and the status formed, or no institution",
)  # fmt: skip
REQUEST_LAW = _reason(
    "REQ-LAW", "EQ; BC 90, 92",
    "{administrator}/{programme} сұранысы Сенатқа енгізілмеген: мәртебесі {status}",
    "запрос {administrator}/{programme} не внесён в Сенат: статус {status}",
    "the request of {administrator}/{programme} stands at {status}, a law is adopted after the Senate",
    "record the missing stages (request.decide), or return the request (request.return)",
)  # fmt: skip
REQUEST_SETTLED = _reason(
    "REQ-SETTLED", "BC 86(3), 90",
    "{administrator}/{programme} сұранысы бойынша заң тіркелген",
    "по запросу {administrator}/{programme} закон уже учтён",
    "the law has settled the request of {administrator}/{programme} already",
    "leave the row out",
)  # fmt: skip
REQUEST_LEFT = _reason(
    "REQ-LEFT", "BC 75(20), 86(3)",
    "заңның соңғы бөлігінде сұралған бағдарлама жоқ: {administrator}/{programme}, {amount_tiyn}",
    "в последней части закона нет запрошенной программы: {administrator}/{programme}, {amount_tiyn}",
    "the law is whole and says nothing of {administrator}/{programme}, for which {amount_tiyn} are asked",
    "name the programme among those left out, or add its row",
)  # fmt: skip
ALIGN_ROW = _reason(
    "REQ-ALIGN-ROW", "BC 75(20)",
    "жолда қосу немесе азайту болуы керек: {expense}, +{up_tiyn}, −{down_tiyn}",
    "в строке должно быть либо увеличение, либо уменьшение: {expense}, +{up_tiyn}, −{down_tiyn}",
    "a row says either up or down: {expense}, up {up_tiyn}, down {down_tiyn}",
    "give one of the two and nothing for the other",
)  # fmt: skip
ALIGN_POOL = _reason(
    "BC75-20", "BC 75(20)",
    "бекітілген бөлінбеген сома жеткіліксіз: {expense}, {amount_tiyn}, бары {free_tiyn}",
    "утверждённых нераспределённых средств не хватает: {expense}, {amount_tiyn}, есть {free_tiyn}",
    "{expense}: {amount_tiyn} are to be aligned, {free_tiyn} of the programme's adopted money stand there",
    "align no more than the law gave and no plan took",
)  # fmt: skip
BUDGET_PART = _reason(
    "BC90-PART", "BC 90",
    "басқа заңның бөліктері тіркелген: {recorded}, берілгені {law}",
    "внесены части другого закона: {recorded}, указан {law}",
    "parts of the law {recorded} are recorded, this one names {law}",
    "give every part the number of the same law",
)  # fmt: skip
BUDGET_PARTS = _reason(
    "BC90-PARTS", "BC 90",
    "заң толық тіркелмеген: {budget}, {year} жыл, {law}",
    "закон внесён не полностью: {budget}, {year} год, {law}",
    "the law {law} on the budget {budget} of {year} is recorded in part: nothing is done with it "
    "before it is whole",
    "record the missing parts (budget.adopt)",
)  # fmt: skip
QUARTER_OVER = _reason(
    "BC90-04-OVER", "BC 90(4), TP 30",
    "бірінші тоқсан өтті: {year} жыл, {month}-ай", "первый квартал прошёл: {year} год, месяц {month}",
    "the first quarter of {year} is over: month {month} is open",
    "record the law itself (budget.adopt)",
)  # fmt: skip
QUARTER_NOTHING = _reason(
    "BC90-04-NOTHING", "BC 90(4), TP 24",
    "болжамның төрттен бірі 100 теңгеден аз: {amount_tiyn}",
    "четверть прогноза меньше 100 тенге: {amount_tiyn}",
    "a quarter of the forecast {amount_tiyn} is less than 100 tenge",
    "leave the programme out, or correct the forecast",
)  # fmt: skip
QUARTER_ABOVE = _reason(
    "BC90-04-ABOVE", "BC 90(4)",
    "заң бірінші тоқсан жоспарынан аз береді: {administrator}/{programme}, {amount_tiyn}, "
    "тоқсанда {quarter_tiyn}",
    "закон даёт меньше плана первого квартала: {administrator}/{programme}, {amount_tiyn}, "
    "в квартале {quarter_tiyn}",
    "the law gives {administrator}/{programme} {amount_tiyn}, the plan of the first quarter {quarter_tiyn}",
    "compare the row with the annex of the law; what was adopted for the quarter may be contracted already",
)  # fmt: skip
QUARTER_MISSING = _reason(
    "BC90-04-MISSING", "BC 90(4)",
    "заңда бірінші тоқсанның бағдарламасы жоқ: {administrator}/{programme}, {quarter_tiyn}",
    "в законе нет программы первого квартала: {administrator}/{programme}, {quarter_tiyn}",
    "the law is whole and has no programme {administrator}/{programme}, to which the first quarter gave "
    "{quarter_tiyn}",
    "add the programme's row to the law",
)  # fmt: skip
