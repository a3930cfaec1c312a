"""What the tool says to people, in English, Russian and Kazakh."""

LANGUAGES = ("en", "ru", "kk")

TEXTS: dict[str, tuple[str, str, str]] = {
    "verified": ("VERIFIED", "ПРОВЕРЕНО", "ТЕКСЕРІЛДІ"),
    "failed": ("FAILED", "НЕ ПРОШЛО ПРОВЕРКУ", "ТЕКСЕРУДЕН ӨТПЕДІ"),
    "network": ("network", "сеть", "желі"),
    "genesis": ("genesis", "генезис", "генезис"),
    "compared": ("as expected", "совпадает с ожидаемым", "күтілгенге сәйкес"),
    "not-compared": (
        "not compared with anything", "ни с чем не сравнивался", "ештеңемен салыстырылған жоқ",
    ),
    "log": ("block log", "журнал блоков", "блоктар журналы"),
    "log-line": (
        "{files} files, {bytes} bytes: every byte by CRC-32 and hash chain",
        "файлов: {files}, байтов: {bytes}; каждый байт — по CRC-32 и цепочке хэшей",
        "файл: {files}, байт: {bytes}; әр байт — CRC-32 және хэштер тізбегі бойынша",
    ),
    "blocks": ("blocks", "блоки", "блоктар"),
    "blocks-line": (
        "1..{height}, tip {block}: links, times, certificates; {changes} validator-set changes",
        "1..{height}, последний {block}: связи, время, сертификаты; смен состава валидаторов: {changes}",
        "1..{height}, соңғысы {block}: байланыстар, уақыт, сертификаттар; валидаторлар құрамының өзгеруі:"
        " {changes}",
    ),
    "transactions": ("transactions", "транзакции", "транзакциялар"),
    "transactions-line": (
        "{transactions}: validity, replay, signers and their authority",
        "{transactions}: срок, повтор, подписавшие и их полномочия",
        "{transactions}: мерзімі, қайталану, қол қоюшылар және олардың өкілеттіктері",
    ),
    "signatures": ("signatures", "подписи", "қолтаңбалар"),
    "signatures-line": (
        "{signatures} of people and validators, each verified",
        "{signatures} — людей и валидаторов, каждая проверена",
        "{signatures} — адамдар мен валидаторлардікі, әрқайсысы тексерілді",
    ),
    "state": ("state", "состояние", "күй"),
    "state-line": (
        "{keys} keys folded from {changes} changes, root {root}",
        "ключей: {keys}, сложено из изменений: {changes}, корень {root}",
        "кілт: {keys}, өзгерістерден жиналды: {changes}, түбірі {root}",
    ),
    "totals": ("totals", "итоги", "жиынтықтар"),
    "totals-line": (
        "{totals} recorded totals compared with {tokens} live tokens",
        "записанных итогов сверено с токенами: {totals}, живых токенов: {tokens}",
        "токендермен салыстырылған жазылған жиынтықтар: {totals}, тірі токен: {tokens}",
    ),
    "budget": (
        "budget {budget}, {year}, tenge", "бюджет {budget}, {year} год, тенге",
        "бюджет {budget}, {year} жыл, теңге",
    ),
    "announced": ("announced", "объявленный", "жарияланған"),
    "contracted": ("contracted", "законтрактованный", "шарт жасалған"),
    "placed": ("placed", "размещённый", "орналастырылған"),
    "redeemed": ("redeemed", "погашенный", "өтелген"),
    "blocked": ("blocked", "заблокированный", "оқшауланған"),
    "annulled": ("annulled", "аннулированный", "күші жойылған"),
    "issued": ("issued = sum of statuses", "выпущено = сумма статусов", "шығарылған = мәртебелер қосындысы"),
    "receipt": ("receipt", "квитанция", "түбіртек"),
    "receipt-line": (
        "{action} by {institution}, transaction {tx}",
        "{action}, {institution}, транзакция {tx}",
        "{action}, {institution}, транзакция {tx}",
    ),
    "final": ("final", "окончательность", "түпкіліктілік"),
    "final-line": (
        "in block {height} as number {index}, {time}; {signatures} signatures of validators verified",
        "в блоке {height} под номером {index}, {time}; проверено подписей валидаторов: {signatures}",
        "{height}-блокта, нөмірі {index}, {time}; тексерілген валидатор қолтаңбалары: {signatures}",
    ),
    "signers-line": (
        "{signers} people signed; their keys stand in the state, which a receipt does not carry",
        "подписали людей: {signers}; их ключи — в состоянии, которого в квитанции нет",
        "қол қойған адам: {signers}; кілттері күйде, ол түбіртекте жоқ",
    ),
    "set": ("validators", "валидаторы", "валидаторлар"),
    "set-proved": (
        "{hash}, proved from the genesis", "{hash}, доказаны от генезиса", "{hash}, генезистен дәлелденді",
    ),
    "set-unproved": (
        "{hash}: not compared with anything", "{hash}: ни с чем не сравнивались",
        "{hash}: ештеңемен салыстырылған жоқ",
    ),
    "proofs": ("state proofs", "доказательства состояния", "күй дәлелдемелері"),
    "proofs-line": (
        "{states} checked; {witnesses} witness checkpoints in the file, not checked",
        "проверено: {states}; контрольных точек свидетелей в файле: {witnesses}, не проверялись",
        "тексерілді: {states}; файлдағы куәгерлердің бақылау нүктелері: {witnesses}, тексерілген жоқ",
    ),
}  # fmt: skip


def say(language: str, key: str, **values: object) -> str:
    """The text in a language, its places filled."""
    return TEXTS[key][LANGUAGES.index(language)].format(**values)


if __name__ == "__main__":
    raise SystemExit("a part of the verifier, which checks nothing by itself: run the folder")
