"""What an action means is said in three languages, and to programs in English."""

from cli.session import Session
from cli.summaries import SUMMARIES, spoken_summary, summary_of
from contracts.executor import REGISTER

ACTION = REGISTER[("payment.execute", 1)]


def test_every_action_is_told_in_kazakh_and_russian() -> None:
    assert {name for name, _ in REGISTER} == set(SUMMARIES)


def test_a_person_reads_the_language_asked_for_and_a_program_english() -> None:
    told = {
        output: summary_of(Session({}, output_given=output, language_given="ru"), ACTION)
        for output in ("table", "csv", "json")
    }
    russian = SUMMARIES["payment.execute"][1]
    assert told == {"table": russian, "csv": russian, "json": ACTION.summary}
    assert spoken_summary("kk", ACTION) == SUMMARIES["payment.execute"][0]
