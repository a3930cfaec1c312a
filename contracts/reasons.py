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
