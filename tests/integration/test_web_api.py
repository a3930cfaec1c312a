"""The HTTP API of a running node, over a real server on loopback: every route, every refusal, every bound."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from audit.receipt import verify_receipt
from chain.block import BlockHeader
from chain.certificate import CommitCertificate, verify_certificate
from chain.codec import encode
from chain.errors import CorruptionError
from chain.hashing import verify_consistency
from chain.state_tree import StateProof, verify_proof
from chain.transaction import SignedTransaction, Transaction
from chain.types import ActionName, ClientId, InstitutionId
from contracts.records import Collection
from storage.memory import MemoryBlockLog
from tests.support.node import MemoryNode, a_node
from tests.support.served import LIMITS, PATIENCE_SECONDS, Served, as_json, serve
from web.schemas import BATCH_MAXIMUM

SHORT = replace(LIMITS, header_seconds=0.2, body_seconds=0.2, idle_seconds=0.2, connections_per_address=3)


@pytest.fixture(scope="module")
def api() -> Iterator[Served]:
    yield from serve(a_node(), LIMITS)


@pytest.fixture
def impatient() -> Iterator[Served]:
    yield from serve(a_node(), SHORT)


def error_of(answer: httpx.Response) -> str:
    """The code of an answer in the one error shape."""
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "article", "texts", "remedy", "remedies", "facts"}
    return str(error["code"])


# --- transactions


def test_a_document_is_taken_decided_and_proved(api: Served) -> None:
    document = api.node.document()
    found = api.commit(document)
    assert found["events"][0][0] == "signer.added"
    receipt = api.get(f"/v1/transactions/{document.tx_id.hex()}/receipt").content
    report = verify_receipt(receipt, api.node.genesis.chain_id)
    assert report.height == found["height"]


def test_a_repeat_is_answered_with_where_it_stands(api: Served) -> None:
    document = api.node.document()
    api.commit(document)
    assert [item["status"] for item in api.submit(document)] == ["committed"]


def test_a_refusal_says_code_texts_and_remedy(api: Served) -> None:
    (item,) = api.submit(a_refused_document(api.node))
    assert item["status"] == "refused"
    assert item["error"]["code"]
    assert set(item["error"]["texts"]) == {"kk", "ru", "en"}


def test_bytes_that_are_not_canonical_are_unreadable_and_the_rest_is_taken(api: Served) -> None:
    document = api.node.document()
    longer = document.body[:1] + b"\xcc" + document.body[1:]
    statuses = api.submit(SignedTransaction(longer, document.auth, *_rest(document)), document)
    assert [item["status"] for item in statuses] == ["unreadable", "accepted"]


def test_one_client_id_waits_once(api: Served) -> None:
    first = api.node.document(client_id=b"c" * 16)
    second = api.node.document(client_id=b"c" * 16)
    assert [item["status"] for item in api.submit(first, second)] == ["accepted", "conflict"]


def test_more_than_a_batch_is_refused_whole(api: Served) -> None:
    answer = api.post(
        "/v1/transactions", {"transactions": [{"body": "00", "auth": "00"}] * (BATCH_MAXIMUM + 1)}
    )
    assert (answer.status_code, error_of(answer)) == (400, "REQUEST")


def test_a_dry_run_keeps_nothing(api: Served) -> None:
    document = api.node.document()
    answer = api.post("/v1/transactions/dry-run", {"transactions": [as_json(document)]}).json()
    assert answer["accepted"] is True
    assert api.get(f"/v1/transactions/{document.tx_id.hex()}").json()["status"] == "unknown"


def test_a_dry_run_says_why_not(api: Served) -> None:
    answer = api.post("/v1/transactions/dry-run", {"transactions": [as_json(a_refused_document(api.node))]})
    assert answer.json()["accepted"] is False
    assert answer.json()["error"]["code"]


def test_unreadable_bytes_of_a_dry_run_are_the_senders(api: Served) -> None:
    answer = api.post("/v1/transactions/dry-run", {"transactions": [{"body": "00", "auth": "90"}]})
    assert (answer.status_code, error_of(answer)) == (400, "DECODE")


def test_why_says_who_signs_and_who_may(api: Served) -> None:
    answer = api.post("/v1/why", {"institution": "vap", "action": "treasury.open_day"}).json()
    assert answer["permitted"] is False
    assert answer["roles"] == [{"role": "head", "signers": ["vap:1"]}]
    (missing,) = answer["missing"]
    assert (missing["code"], missing["who"]) == ("ID-KIND", ["treasury"])
    assert set(missing["texts"]) == set(missing["remedies"]) == {"kk", "ru", "en"}


def test_why_tells_what_a_document_misses(api: Served) -> None:
    arguments = encode((("gu", "01.kz", None, None, None, None, None, "gu-2260101", None), 1, "x")).hex()
    request = {"institution": "treasury", "action": "treasury.resume", "arguments": arguments}
    answer = api.post("/v1/why", request).json()
    assert [missing["code"] for missing in answer["missing"]] == ["DAY-NONE"]


@pytest.mark.parametrize("arguments", ["01", "9", "c1"])
def test_why_reads_canonical_arguments_only(api: Served, arguments: str) -> None:
    answer = api.post("/v1/why", {"institution": "mof", "action": "x", "arguments": arguments})
    assert answer.status_code == 400


def test_waiting_ends_with_what_is_known(api: Served) -> None:
    assert api.get(f"/v1/transactions/{'00' * 32}", wait_ms=1).json()["status"] == "unknown"


def test_no_receipt_of_what_is_in_no_block(api: Served) -> None:
    answer = api.get(f"/v1/transactions/{'00' * 32}/receipt")
    assert (answer.status_code, error_of(answer)) == (404, "NOT-FOUND")


# --- state


def test_a_value_is_proved_against_a_certified_header_of_its_own_height(api: Served) -> None:
    api.commit(api.node.document())
    found = api.get(f"/v1/state/{Collection.INSTITUTIONS}/{b'mof'.hex()}", proof=1).json()
    header = BlockHeader.decode(bytes.fromhex(found["header"]))
    certificate = CommitCertificate.decode(bytes.fromhex(found["certificate"]))
    assert found["height"] == header.height == certificate.height
    assert certificate.block_id == header.block_id
    verify_certificate(certificate, api.node.application.validators_at(1), api.node.genesis.chain_id)
    proof = StateProof.decode(bytes.fromhex(found["proof"]))
    value = bytes.fromhex(found["value"])
    assert verify_proof(header.state_root, Collection.INSTITUTIONS, b"mof", value, proof)


def test_absence_is_proved_too(api: Served) -> None:
    api.commit(api.node.document())
    found = api.get(f"/v1/state/{Collection.INSTITUTIONS}/{b'nobody'.hex()}", proof=1).json()
    header = BlockHeader.decode(bytes.fromhex(found["header"]))
    assert found["value"] is None
    proof = StateProof.decode(bytes.fromhex(found["proof"]))
    assert verify_proof(header.state_root, Collection.INSTITUTIONS, b"nobody", None, proof)


def test_a_value_of_an_earlier_height(api: Served) -> None:
    before = api.get("/v1/status").json()["height"]
    key = b"mof".hex()
    old = api.get(f"/v1/state/{Collection.INSTITUTIONS}/{key}").json()["value"]
    api.commit(api.node.document())
    assert api.get(f"/v1/state/{Collection.INSTITUTIONS}/{key}").json()["value"] != old
    assert api.get(f"/v1/state/{Collection.INSTITUTIONS}/{key}", height=before).json()["value"] == old


def test_no_proof_of_an_earlier_height_and_no_future(api: Served) -> None:
    api.commit(api.node.document())
    path = f"/v1/state/{Collection.INSTITUTIONS}/{b'mof'.hex()}"
    assert error_of(api.get(path, height=0, proof=1)) == "PROOF-NOT-HELD"
    answer = api.get(path, height=10**9)
    assert (answer.status_code, error_of(answer)) == (404, "HEIGHT-NOT-HELD")


def test_pages_follow_each_other(api: Served) -> None:
    whole = api.get(f"/v1/state/{Collection.INSTITUTIONS}", limit=1000).json()
    assert whole["next"] is None
    keys: list[str] = []
    after = ""
    while after is not None:
        page = api.get(f"/v1/state/{Collection.INSTITUTIONS}", limit=2, after=after).json()
        keys += [item["key"] for item in page["items"]]
        after = page["next"]
    assert keys == [item["key"] for item in whole["items"]]


def test_the_largest_page_says_that_there_is_more(api: Served) -> None:
    while len(api.get(f"/v1/state/{Collection.IDS}", limit=1000).json()["items"]) < 1000:
        api.submit(*[api.node.document() for _ in range(400)])
        api.commit(api.node.document())
    api.commit(api.node.document())
    first = api.get(f"/v1/state/{Collection.IDS}", limit=1000).json()
    rest = api.get(f"/v1/state/{Collection.IDS}", limit=1000, after=first["next"]).json()
    assert rest["items"]


def test_a_page_of_an_earlier_height(api: Served) -> None:
    api.commit(api.node.document())
    height = api.get("/v1/status").json()["height"]
    before = api.get(f"/v1/state/{Collection.INSTITUTIONS}").json()["items"]
    api.commit(api.node.document())
    assert api.get(f"/v1/state/{Collection.INSTITUTIONS}").json()["items"] != before
    past = api.get(f"/v1/state/{Collection.INSTITUTIONS}", height=height).json()
    assert (past["height"], past["items"]) == (height, before)
    assert error_of(api.get(f"/v1/state/{Collection.INSTITUTIONS}", height=10**9)) == "HEIGHT-NOT-HELD"


def test_totals_of_an_empty_year(api: Served) -> None:
    found = api.get("/v1/totals", year=2031).json()
    assert found["issued"] == "0.00"
    assert set(found["statuses"].values()) == {"0.00"}


# --- blocks, status, health


def test_a_block_is_its_bytes(api: Served) -> None:
    found = api.commit(api.node.document())
    block = api.get(f"/v1/blocks/{found['height']}").json()
    header = BlockHeader.decode(bytes.fromhex(block["header"]))
    assert header.block_id.hex() == block["block_id"]
    assert len(block["transactions"]) == header.tx_count


def test_a_block_that_is_not_here(api: Served) -> None:
    answer = api.get("/v1/blocks/1000000")
    assert (answer.status_code, error_of(answer)) == (404, "HEIGHT-NOT-HELD")


def test_a_light_client_sees_that_the_history_only_grew(api: Served) -> None:
    heights = [int(api.commit(api.node.document())["height"]) for _ in range(3)]
    old, new = heights[0], heights[-1]
    kept = BlockHeader.decode(bytes.fromhex(api.get(f"/v1/blocks/{old}").json()["header"])).history_root
    found = api.get("/v1/consistency", old=old, new=new).json()
    header = BlockHeader.decode(bytes.fromhex(found["header"]))
    certificate = CommitCertificate.decode(bytes.fromhex(found["certificate"]))
    verify_certificate(certificate, api.node.genesis.validator_set(), api.node.genesis.chain_id)
    assert (header.height, certificate.block_id) == (new, header.block_id)
    path = [bytes.fromhex(sibling) for sibling in found["path"]]
    assert verify_consistency(old, kept, new, header.history_root, path)
    assert not verify_consistency(old, bytes(32), new, header.history_root, path)


def test_the_history_of_the_tip_has_no_header_yet(api: Served) -> None:
    height = int(api.commit(api.node.document())["height"])
    api.commit(api.node.document())
    status = api.get("/v1/status").json()
    found = api.get("/v1/consistency", old=height, new=status["height"] + 1).json()
    assert (found["new"], found["header"]) == (status["height"] + 1, None)


@pytest.mark.parametrize(("old", "new"), [(2, 1), (1, 1_000_000)])
def test_sizes_that_are_not_there(api: Served, old: int, new: int) -> None:
    answer = api.get("/v1/consistency", old=old, new=new)
    assert (answer.status_code, error_of(answer)) == (404, "SIZE-NOT-HELD")


def test_the_event_stream_tells_of_every_block_after_its_first_line(api: Served) -> None:
    document = api.node.document()
    with httpx.stream("GET", api.url + "/v1/events", timeout=PATIENCE_SECONDS) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith(": height ")
        api.submit(document)
        told = next(json.loads(line[6:]) for line in lines if line.startswith("data: "))
    assert document.tx_id.hex() in [item["tx_id"] for item in told["transactions"]]


def test_status_names_the_tip(api: Served) -> None:
    found = api.commit(api.node.document())
    status = api.get("/v1/status").json()
    assert status["height"] >= found["height"]
    assert status["votes"] is True
    assert status["chain_id"] == api.node.genesis.chain_id.hex()


def test_health_and_metrics(api: Served) -> None:
    assert api.get("/health/live").json() == {
        "schema": "eqz.health/1", "ready": True, "reasons": [], "findings": [],
    }  # fmt: skip
    assert api.get("/health/ready").status_code == 200
    text = api.get("/metrics").text
    assert "# TYPE eqz_height gauge" in text


def test_a_follower_without_peers_is_not_ready() -> None:
    for served in serve(a_node(None, members=("mof", "treasury")), LIMITS):
        served.node.transport.peers.clear()
        answer = served.get("/health/ready")
        assert answer.status_code == 503
        assert "no quorum" in answer.json()["reasons"][0]


# --- every other error, in the one shape


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/nothing", 404, "NOT-FOUND"),
        ("/v1/transactions/xyz", 400, "REQUEST"),
        ("/v1/blocks/0", 400, "REQUEST"),
        ("/v1/blocks/18446744073709551616", 400, "REQUEST"),
        ("/v1/state/INSTITUTIONS/00", 400, "REQUEST"),
        ("/v1/state/institutions/0", 400, "REQUEST"),
        ("/v1/totals?year=0", 400, "REQUEST"),
        (f"/v1/transactions/{'00' * 32}?wait_ms=60001", 400, "REQUEST"),
        ("/docs/../secret", 404, "NOT-FOUND"),
        ("/docs/nothing.js", 404, "NOT-FOUND"),
    ],
)
def test_errors_have_one_shape(api: Served, path: str, status: int, code: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, error_of(answer)) == (status, code)


def test_a_method_that_is_not_there(api: Served) -> None:
    answer = api.post("/v1/status", {})
    assert (answer.status_code, error_of(answer)) == (405, "METHOD")


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"transactions":[]}', b'{"transactions":[{"body":"0"}]}', b"\xff"]
)
def test_a_body_that_is_not_a_request(api: Served, body: bytes) -> None:
    answer = httpx.post(
        api.url + "/v1/transactions", content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, error_of(answer)) == (400, "REQUEST")


def test_damage_found_while_reading_is_not_served_and_stops_the_node() -> None:
    class DamagedLog(MemoryBlockLog):
        def read(self, height: int) -> Any:
            raise CorruptionError(f"blocks/000001.log: height {height}, record 1 fails its check")

    for served in serve(a_node(blocks=DamagedLog()), LIMITS):
        document = served.node.document()
        served.submit(document)
        answer = served.get(f"/v1/transactions/{document.tx_id.hex()}", wait_ms=10_000)
        assert (answer.status_code, error_of(answer)) == (500, "CORRUPTION")
    assert isinstance(served.failure, CorruptionError)


# --- the pages


def test_the_pages_ask_nobody_else(api: Served) -> None:
    page = api.get("/docs").text
    assert "http://" not in page.replace(api.url, "")
    assert "https://" not in page
    for name, kind in (("swagger-ui-bundle.js", "text/javascript"), ("swagger-ui.css", "text/css")):
        answer = api.get(f"/docs/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)


def test_openapi_describes_every_route_and_its_errors(api: Served) -> None:
    found = api.get("/openapi.json").json()
    paths = found["paths"]
    assert set(paths) == {
        "/v1/status", "/v1/transactions", "/v1/transactions/dry-run", "/v1/transactions/{tx_id}",
        "/v1/transactions/{tx_id}/receipt", "/v1/state/{collection}", "/v1/state/{collection}/{key}",
        "/v1/why", "/v1/totals", "/v1/blocks/{height}", "/v1/consistency", "/v1/events",
        "/health/live", "/health/ready", "/metrics",
    }  # fmt: skip
    for path, methods in paths.items():
        for operation in methods.values():
            assert operation["description"], path
            assert operation["responses"]["200"]["content"], path
            if path.startswith("/v1/"):
                assert {"400", "404", "422", "500", "503"} <= set(operation["responses"]), path


# --- bounds


def test_a_long_url_is_refused(api: Served) -> None:
    answer = api.raw(b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 414 ")


def test_many_headers_are_refused(api: Served) -> None:
    lines = b"".join(b"x-%d: 1\r\n" % number for number in range(70))
    assert api.raw(b"GET /v1/status HTTP/1.1\r\n" + lines + b"\r\n").startswith(b"HTTP/1.1 431 ")


def test_large_headers_are_refused(api: Served) -> None:
    line = b"x: " + b"a" * 20_000
    assert api.raw(b"GET /v1/status HTTP/1.1\r\n" + line).startswith(b"HTTP/1.1 431 ")


def test_a_body_that_says_it_is_too_long_is_refused_and_the_client_hears_it(api: Served) -> None:
    answer = httpx.post(api.url + "/v1/transactions", content=b" " * ((1 << 20) + 1))
    assert (answer.status_code, error_of(answer)) == (413, "LIMIT")


def test_a_chunked_body_that_grows_too_long_is_refused(api: Served) -> None:
    head = b"POST /v1/transactions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    before = api.refused("body_bytes")
    assert api.raw(head, *[chunk] * 17).startswith(b"HTTP/1.1 413 ")
    assert api.refused("body_bytes") == before + 1


def test_the_node_answers_after_every_refusal(api: Served) -> None:
    assert api.get("/v1/status").status_code == 200


def test_slow_headers_are_let_go(impatient: Served) -> None:
    assert impatient.raw(b"GET /v1/status HTTP/1.1\r\nx:") == b""
    assert impatient.refused("header_seconds") == 1


def test_a_slow_body_is_let_go(impatient: Served) -> None:
    assert impatient.raw(b"POST /v1/transactions HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{") == b""
    assert impatient.refused("body_seconds") == 1


def test_a_slow_reader_is_let_go(impatient: Served) -> None:
    request = b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: x\r\n\r\n"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(impatient.server.address)
        connection.sendall(request)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while impatient.refused("slow_reader") == 0:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_an_idle_connection_is_closed(impatient: Served) -> None:
    assert impatient.raw(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_one_address_has_so_many_connections(impatient: Served) -> None:
    held = [socket.create_connection(impatient.server.address) for _ in range(3)]
    try:
        assert impatient.raw(b"").startswith(b"HTTP/1.1 503 ")
    finally:
        for connection in held:
            connection.close()
    assert impatient.refused("connections_per_address") >= 1


def a_refused_document(node: MemoryNode) -> SignedTransaction:
    """A document of an action that nobody knows."""
    known = node.document().transaction
    return node.signed(
        Transaction(
            known.chain_id, ClientId(b"r" * 16), known.valid_until_ms, InstitutionId("mof"),
            ActionName("nothing.at_all"), 1, (),
        )
    )  # fmt: skip


def _rest(document: SignedTransaction) -> tuple[Any, Any, Any]:
    return document.transaction, document.signatures, document.tx_id
