"""When a node says that requests should not come to it, and how it says what is wrong."""

from __future__ import annotations

from node.findings import finding
from web.routes.health import health_of


def test_a_node_without_findings_is_ready() -> None:
    health = health_of([])
    assert (health.ready, health.reasons, health.findings) == (True, [], [])


def test_what_blocks_is_a_reason_and_what_does_not_is_told_beside_it() -> None:
    found = [finding("ROUNDS", height=11, round=3), finding("CERTIFICATE-ENDS", name="roads", days=7)]
    health = health_of(found)
    assert not health.ready
    assert health.reasons == ["height 11 is in round 3"]
    assert [one.code for one in health.findings] == ["ROUNDS", "CERTIFICATE-ENDS"]
    assert health_of(found[1:]).ready


def test_a_finding_is_told_in_three_languages_with_its_facts_and_what_to_do() -> None:
    (told,) = health_of([finding("CERTIFICATE-ENDS", name="roads", days=7)]).findings
    assert told.message == told.texts["en"] == "the certificate of roads ends in 7 days"
    assert told.texts["ru"] == "сертификат roads действует ещё 7 дн."
    assert told.texts["kk"] == "roads сертификатының бітуіне 7 күн қалды"
    assert (told.severity, told.blocks, told.facts) == ("warning", False, {"name": "roads", "days": 7})
    assert told.remedy == told.remedies["en"] != ""
