"""What `eqz node recover` says, in Kazakh, Russian and English."""

from __future__ import annotations

from typing import Final

TEXTS: Final[dict[str, tuple[str, str, str]]] = {
    "FOUND": ("{directory} ішінде табылды:", "Найдено в {directory}:", "Found in {directory}:"),
    "WILL": ("Не істеледі:", "Что будет сделано:", "What will be done:"),
    "ASK": ("Орындау керек пе?", "Выполнить?", "Do it?"),
    # base, log
    "BASE": (
        "түйін {height} биіктіктің суретінен басталған",
        "узел начат со снимка высоты {height}",
        "the node began from the snapshot of height {height}",
    ),
    "BASE-DAMAGED": (
        "түйін басталған сурет бүлінген: {detail}",
        "снимок, с которого начат узел, повреждён: {detail}",
        "the snapshot that the node began from is damaged: {detail}",
    ),
    "LOG-WHOLE": (
        "блоктар журналы бүтін: {first}–{last} биіктіктері",
        "журнал блоков цел: высоты {first}–{last}",
        "the block log is whole: heights {first} to {last}",
    ),
    "LOG-ABSENT": ("блоктар журналы жоқ", "журнала блоков нет", "there is no block log"),
    "LOG-DAMAGED": (
        "блоктар журналы бүлінген: {detail}",
        "журнал блоков повреждён: {detail}",
        "the block log is damaged: {detail}",
    ),
    "LOG-TORN": (
        "{file} соңында аяқталмаған жазба: {bytes} байт; ол туралы ешкімге айтылмаған",
        "в конце {file} незаконченная запись, {bytes} байт; о ней никому не сообщали",
        "{file} ends in an unfinished write of {bytes} bytes, of which nobody was told",
    ),
    "LOG-REPAIR-BEGUN": (
        "журналды жөндеу басталып, аяқталмаған",
        "починка журнала начата и не закончена",
        "a repair of the log was begun and not finished",
    ),
    # state
    "STATE-WHOLE": (
        "күй {height} биіктікте, түбірі {root}",
        "состояние на высоте {height}, корень {root}",
        "the state is at height {height}, root {root}",
    ),
    "STATE-ABSENT": ("күй жоқ", "состояния нет", "there is no state"),
    "STATE-MARKED": (
        "түйін соңғы рет жұмыс істегенде күй тексеруден өтпеген",
        "состояние не прошло проверку, когда узел работал в последний раз",
        "the state failed its checks when the node ran last",
    ),
    "STATE-DAMAGED": (
        "күй бүлінген: {detail}",
        "состояние повреждено: {detail}",
        "the state is damaged: {detail}",
    ),
    "STATE-AHEAD": (
        "күй {height} биіктікте, ал журнал {last} биіктікте аяқталады",
        "состояние на высоте {height}, а журнал кончается на {last}",
        "the state is at height {height}, the log ends at {last}",
    ),
    "STATE-OTHER": (
        "{height} биіктіктегі күйдің түбірі {root} — блогындағы емес",
        "корень состояния на высоте {height} — {root}, в блоке другой",
        "the state root at height {height} is {root}, which is not the one of its block",
    ),
    # votes
    "VOTES-WHOLE": (
        "{address} кілтінің дауыстар журналы бүтін, {height} биіктікке дейін",
        "журнал голосов ключа {address} цел, до высоты {height}",
        "the journal of votes of key {address} is whole, up to height {height}",
    ),
    "VOTES-NO-KEY": (
        "бұл түйінде дауыс беретін кілт жоқ: ол тек ілеседі",
        "у этого узла нет ключа для голосования: он только следует",
        "this node has no validator key: it follows",
    ),
    "VOTES-MISSING": (
        "{address} кілтінің дауыстар журналы жоқ: не дауыс бергені белгісіз, сондықтан енді дауыс бермейді",
        "журнала голосов ключа {address} нет: за что он голосовал, неизвестно, больше он не голосует",
        "the journal of votes of key {address} is missing: what it voted is not known, so it votes no more",
    ),
    "VOTES-DAMAGED": (
        "{address} кілтінің дауыстар журналы бүлінген, енді ол дауыс бермейді: {detail}",
        "журнал голосов ключа {address} повреждён, больше он не голосует: {detail}",
        "the journal of votes of key {address} is damaged, so it votes no more: {detail}",
    ),
    "VOTES-RETIRED": (
        "{address} кілті енді дауыс бермейді: {detail}",
        "ключ {address} больше не голосует: {detail}",
        "key {address} votes no more: {detail}",
    ),
    "VOTES-BEHIND": (
        "{address} кілтінің журналы ескі, енді ол дауыс бермейді: {detail}",
        "журнал ключа {address} старый, больше он не голосует: {detail}",
        "the journal of key {address} is an old one, so it votes no more: {detail}",
    ),
    "KEY-UNREADABLE": (
        "кілт ашылмайды: {detail}",
        "ключ не открывается: {detail}",
        "the key cannot be opened: {detail}",
    ),
    # what will be done
    "NOTHING": ("ештеңе істеудің қажеті жоқ", "делать нечего", "nothing needs to be done"),
    "FINISH-REPAIR": (
        "басталған жөндеу аяқталады",
        "начатая починка будет закончена",
        "the repair that was begun is finished",
    ),
    "CUT-TAIL": (
        "аяқталмаған жазба қиылады",
        "незаконченная запись будет отрезана",
        "the unfinished write is cut off",
    ),
    "REPAIR-LOG": (
        "журналдың кемінде {heights} биіктігі көршілерден алынады; бүлінген байттар blocks.quarantine ішінде "
        "қалады",
        "не меньше {heights} высот журнала будет взято у соседей; повреждённые байты останутся в "
        "blocks.quarantine",
        "at least {heights} heights of the log are fetched from peers; the damaged bytes stay in "
        "blocks.quarantine",
    ),
    "LOG-FROM-PEERS": (
        "жаңа журнал басталады; блоктарды түйін іске қосылғанда көршілерден алады (жылдамырақ: --from-peers)",
        "будет начат новый журнал; блоки узел возьмёт у соседей после запуска (быстрее: --from-peers)",
        "a new log is begun; the node takes the blocks from its peers when it runs (faster: --from-peers)",
    ),
    "REBUILD-STATE": (
        "күй журналдан қайта жасалады; ескісі қасында қалады",
        "состояние будет построено заново из журнала; старое останется рядом",
        "the state is made anew from the log; the old one is moved aside",
    ),
    "MAKE-STATE": (
        "күй журналдан жасалады",
        "состояние будет построено из журнала",
        "the state is made from the log",
    ),
    "ASIDE-CHAIN": (
        "blocks, state және base басқа атпен сақталады",
        "blocks, state и base будут сохранены под другими именами",
        "blocks, state and base are kept under other names",
    ),
    "FROM-PEERS": (
        "күй көршілердегі ең жаңа суреттен алынады; әр бөлігі тексеріледі",
        "состояние будет взято из новейшего снимка соседей; каждая часть проверяется",
        "the state is taken from the newest snapshot of the peers; every part is checked",
    ),
    "FROM-SNAPSHOT": (
        "күй мына суреттен алынады: {path}",
        "состояние будет взято из снимка {path}",
        "the state is taken from the snapshot {path}",
    ),
    "NEEDS-SNAPSHOT": (
        "--from-peers немесе --snapshot керек",
        "нужно --from-peers или --snapshot",
        "--from-peers or --snapshot is needed",
    ),
    "NEW-KEY": (
        "жаңа кілт, оның журналы және дауысқа салынатын құжат жасалады; ескі кілт пен журналы орнында "
        "қалады, бірақ енді қолданылмайды",
        "будут сделаны новый ключ, его журнал и документ для голосования; старый ключ и его журнал останутся "
        "на месте, но больше не используются",
        "a new key, its journal and the document for the ballot are made; the old key and its journal stay "
        "where they are and are used no more",
    ),
    "NEEDS-NEW-KEY": (
        "түйін дауыссыз ілеседі; қайта дауыс беруі үшін: --new-key",
        "узел будет следовать без голоса; чтобы он снова голосовал: --new-key",
        "the node follows without a vote; for it to vote again: --new-key",
    ),
    # what came of it
    "KEPT": ("сақталды: {path}", "сохранено: {path}", "kept: {path}"),
    "END": (
        "Түйін {height} биіктікте, түбірі {root}",
        "Узел на высоте {height}, корень {root}",
        "The node stands at height {height}, root {root}",
    ),
    "VOTES": ("бұл кілт дауыс береді", "этот ключ голосует", "this key votes"),
    "VOTES-NOT": (
        "бұл кілт дауыс бермейді: {reason}",
        "этот ключ не голосует: {reason}",
        "this key does not vote: {reason}",
    ),
    "CARD": (
        "1. барлық мүшелерге {card} жіберіңіз; әрқайсысы: eqz node peer replace DIRECTORY {card}",
        "1. отправьте всем членам {card}; каждый выполняет: eqz node peer replace DIRECTORY {card}",
        "1. send {card} to all members; each runs: eqz node peer replace DIRECTORY {card}",
    ),
    "PROPOSE": (
        "2. мекеме басшысы ұсынады: eqz network propose --from {proposal} --sign-with head.key",
        "2. руководитель предлагает: eqz network propose --from {proposal} --sign-with head.key",
        "2. the head proposes: eqz network propose --from {proposal} --sign-with head.key",
    ),
    "VOTE": (
        "3. мүшелер дауыс береді: eqz network vote ballot=N yes=true --sign-with head.key",
        "3. члены голосуют: eqz network vote ballot=N yes=true --sign-with head.key",
        "3. the members vote: eqz network vote ballot=N yes=true --sign-with head.key",
    ),
    "START": (
        "4. түйінді іске қосыңыз: eqz node run {directory}; шешуші дауыстан кейінгі екінші блоктан "
        "бастап дауыс береді",
        "4. запустите узел: eqz node run {directory}; он голосует со второго блока после решающего голоса",
        "4. start the node: eqz node run {directory}; it votes from the second block after the deciding vote",
    ),
}


def said(code: str, language: str, **facts: object) -> str:
    """The text in `kk`, `ru` or `en`."""
    return TEXTS[code][("kk", "ru", "en").index(language)].format(**facts)
