"""The API on a real node: who may ask, what is refused and how, and the description it keeps."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks as openapi

from clearline.web.described import document
from tests.line.consoles import Line
from tests.line.station import until
from tests.web.conftest import Client

REFERENCE = Path(__file__).parents[2] / "docs/reference/openapi.json"
STOP = {
    "phrase": "STOP",
    "place": {"lat_e7": 352_560_000, "lon_e7": 401_500_000},
    "radius_cm": 50_000,
}


def test_the_reference_is_what_the_api_is() -> None:
    assert REFERENCE.read_bytes() == document(), "run python -m clearline.web.described"


def test_a_running_node_serves_its_own_description(stranger: Callable[..., Client]) -> None:
    served = stranger().get("/api/v1/openapi.json").body
    assert served == json.loads(document())
    assert served["openapi"].startswith("3.1")


def test_nobody_sees_anything_without_signing_in(stranger: Callable[..., Client]) -> None:
    paths = json.loads(document())["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            if operation.get("security") == []:
                continue
            where = path.removeprefix("/api/v1/").replace("{", "").replace("}", "")
            client = stranger()
            answer = (
                client.get(f"/api/v1/{where}")
                if method == "get"
                else client.post(where, {}, method.upper())
            )
            assert answer.status == 401, (method, path)
            assert answer.body["code"] == "signed_out"


REFUSED_HEADERS: list[dict[str, str]] = [
    {"Origin": "https://elsewhere.example"},
    {"X_Clearline": "0"},
    {"Content_Type": "text/plain"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
]


@pytest.mark.parametrize("headers", REFUSED_HEADERS, ids=lambda each: next(iter(each)))
def test_nothing_changes_that_was_not_sent_by_our_own_page(
    north: Client, headers: dict[str, str]
) -> None:
    answer = north.post(
        "commands/take-watch", {"echelon": "deputy", "languages": ["en"]}, **headers
    )
    assert answer.status == 403
    assert answer.body["code"] == "wrong_origin"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_nothing_is_shown_to_another_site_and_another_port_is_one(
    line: Line, north: Client, site: str
) -> None:
    link = line.north.ask("status")["links"][0]["id"]
    for path in ("picture", f"links/{link}/bundle", f"log?link={link}"):
        answer = north.get(f"/api/v1/{path}", **{"Sec-Fetch-Site": site})
        assert (answer.status, answer.body["code"]) == (403, "wrong_origin")
        for ours in ("same-origin", "none"):
            assert north.get(f"/api/v1/{path}", **{"Sec-Fetch-Site": ours}).status == 200


def test_a_head_alone_opens_no_stream(north: Client) -> None:
    answer = north._ask("HEAD", "/api/v1/stream", None, {})
    assert answer.status == 404
    assert north.api("picture")["node"][0]["open"] == 0


def test_whoever_goes_in_the_middle_of_a_request_leaves_no_trace_in_the_log(
    line: Line, stranger: Callable[..., Client]
) -> None:
    host, _, port = line.north.address.rpartition("//")[2].rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(
            b"POST /api/v1/enrol/begin HTTP/1.1\r\nOrigin: " + line.north.address.encode() +
            b"\r\nContent-Type: application/json\r\nX-Clearline: 1\r\nContent-Length: 9\r\n\r\n{"
        )  # fmt: skip
    # Whatever is said of the one is said before the next is answered.
    assert stranger().get("/api/v1/openapi.json").status == 200
    assert "Disconnect" not in line.north.station.said


def test_every_answer_bears_the_policy_and_is_not_kept(north: Client) -> None:
    for path in ("/", "/api/v1/session", "/api/v1/nothing", "/nothing"):
        headers = {name.lower(): value for name, value in north.get(path).headers.items()}
        assert "require-trusted-types-for 'script'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] in ("no-store", "no-cache")


def test_a_body_is_decoded_strictly_and_says_what_is_wrong(north: Client) -> None:
    for body in ({"echelon": "x"}, {"echelon": "A B", "languages": ["en"]}, [], {"by": "me"}):
        answer = north.post("commands/take-watch", body)
        assert answer.status == 422
        assert answer.body["code"] == "bad_request"
        assert answer.body["phrase"]
    large = north.post("commands/take-watch", {"echelon": "x" * 2_000_000})
    assert large.status == 413


def test_whoever_is_signed_in_is_who_acted(line: Line, north: Client) -> None:
    done = north.post("commands/take-watch", {"echelon": "deputy", "languages": ["en"]})
    assert done.status == 200, done.raw
    assert done.body["entries"][0]["kind"] == "watch.status"
    (watch,) = [w for w in line.north.ask("status")["watch"] if w["echelon"] == "deputy"]
    assert watch["officer"] == "Maj. North"
    again = north.post("commands/take-watch", {"echelon": "deputy", "languages": ["en"]})
    assert again.status == 409
    assert again.body["code"] == "watch_held"


def test_a_command_sent_twice_under_one_key_is_done_once(line: Line, north: Client) -> None:
    link = line.north.ask("status")["links"][0]["id"]
    body = {"link": link, "precedence": "routine", "phrases": [STOP]}
    before = len(line.north.ask("calls"))
    first = north.post("commands/open-call", body, Idempotency_Key="one")
    second = north.post("commands/open-call", body, Idempotency_Key="one")
    assert first.body == second.body
    assert len(line.north.ask("calls")) == before + 1


def test_a_key_that_was_another_commands_has_nothing_done(line: Line, north: Client) -> None:
    link = line.north.ask("status")["links"][0]["id"]
    body = {"link": link, "precedence": "routine", "phrases": [STOP]}
    before = len(line.north.ask("calls"))
    assert north.post("commands/open-call", body, Idempotency_Key="other").status == 200
    for name, other in (
        ("open-call", body | {"precedence": "flash"}),
        ("leave-watch", {"echelon": "duty-desk"}),
    ):
        answer = north.post(f"commands/{name}", other, Idempotency_Key="other")
        assert (answer.status, answer.body["code"]) == (422, "key_reused")
    assert len(line.north.ask("calls")) == before + 1
    assert "duty-desk" in {each["echelon"] for each in line.north.ask("status")["watch"]}
    somebody_elses = Client(line.north).signed_in()
    answer = somebody_elses.post("commands/open-call", body, Idempotency_Key="other")
    assert answer.status == 200, "a key is its session's"
    assert len(line.north.ask("calls")) == before + 2
    long = north.post("commands/open-call", body, Idempotency_Key="k" * 101)
    assert (long.status, long.body["code"]) == (422, "bad_request")


def test_what_was_refused_under_a_key_may_be_tried_again_under_it(
    line: Line, north: Client
) -> None:
    body = {"echelon": "third", "languages": ["en"]}
    leave = {"echelon": "third"}
    refused = north.post("commands/leave-watch", leave, Idempotency_Key="again")
    assert refused.body["code"] == "watch_not_held"
    assert north.post("commands/take-watch", body).status == 200
    assert north.post("commands/leave-watch", leave, Idempotency_Key="again").status == 200
    assert "third" not in {each["echelon"] for each in line.north.ask("status")["watch"]}


def test_the_picture_has_every_list_and_each_notice_as_declared(line: Line, north: Client) -> None:
    line.north.run("declare", "--circle", "35.2N 40.1E", "--radius", "3 km", "--band",
                   "SFC-FL100", "--from", "+3h", "--to", "+5h", "--label", "Kept here")  # fmt: skip
    whole = north.api("picture")
    (notice,) = [each for each in whole["notices"] if each["label"] == "Kept here"]
    assert notice["mine"]
    assert whole["node"][0]["party"] == "north"
    assert whole["terms"][0]["ladders"]["flash"]["rungs"]
    about = north.api(f"about/{notice['id']}")
    assert [entry["kind"] for entry in about["entries"]] == ["notice.declared"]
    assert all("Kept here" not in json.dumps(entry) for entry in about["entries"])


def test_the_record_is_paged_backwards_without_a_gap(line: Line, north: Client) -> None:
    link = line.north.ask("status")["links"][0]["id"]
    until(lambda: north.api(f"log?link={link}&limit=500")["cursor"] is None, "a quiet record")
    whole = north.api(f"log?link={link}&limit=500")["entries"]
    pages: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = north.api(f"log?link={link}&limit=3&cursor={cursor}")
        pages += page["entries"]
        cursor = page["cursor"]
    assert [(e["party"], e["index"]) for e in pages] == [(e["party"], e["index"]) for e in whole]
    assert [e["at"] for e in whole] == sorted((e["at"] for e in whole), reverse=True)
    only = north.api(f"log?link={link}&kind=terms.")["entries"]
    assert {entry["kind"] for entry in only} == {"terms.proposed", "terms.agreed"}


def test_a_layer_of_the_deployments_own_is_served_and_nothing_beside_it(
    line: Line, north: Client
) -> None:
    folder = line.north.station.home / "layers"
    folder.mkdir(exist_ok=True)
    (folder / "ranges.geojson").write_text('{"type":"FeatureCollection","features":[]}')
    with open(os.fsencode(folder) + b"/not-\xff-said.geojson", "wb"):
        pass
    assert north.api("layers") == {"names": ["ranges"]}
    assert north.get("/api/v1/layers/ranges").body["type"] == "FeatureCollection"
    for wrong in ("..%2fkeys", "keys", "ranges.geojson", "%2e%2e%2fclearline"):
        assert north.get(f"/api/v1/layers/{wrong}").status == 404


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda each: each.value)
def test_schemathesis_finds_no_answer_that_the_description_does_not_have(
    line: Line, north: Client, mode: GenerationMode
) -> None:
    """Every operation with generated input; the session, once lost, is got again."""
    schema = schemathesis.openapi.from_dict(_without_session(json.loads(document())))
    # A body that is wrong may be too long as well, which is said first.
    wrong = schema.config.checks.negative_data_rejection
    wrong.expected_statuses = [*wrong.expected_statuses, "413"]
    cookie = "; ".join(f"{each.name}={each.value}" for each in north.jar)
    own = {
        "Origin": north.base, "X-Clearline": "1", "Cookie": cookie, "User-Agent": north.agent,
        "Sec-Fetch-Site": "same-origin",
    }  # fmt: skip
    leave_alone = {"/api/v1/stream", "/api/v1/sign-out", "/api/v1/people/sign-out"}
    checked = 0
    left_out: list[str] = []
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path in leave_alone:
            continue

        @settings(
            max_examples=4, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), derandomize=True,
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def hold(case: Any) -> None:
            case.call_and_validate(
                base_url=north.base, headers={**own, **_typed(case)}, checks=CHECKS,
            )  # fmt: skip

        try:
            hold()
        except Unsatisfiable:
            # Nothing of it can be wrong, or nothing that is right was found in time.
            left_out.append(operation.label)
        else:
            checked += 1
    assert checked > (45 if mode is GenerationMode.POSITIVE else 30), left_out


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda each: each.value)
def test_schemathesis_gets_nothing_without_a_session_whatever_it_sends(
    line: Line, stranger: Callable[..., Client], mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict(_without_session(json.loads(document())))
    described = json.loads(document())["paths"]
    client = stranger()
    own = {
        "Origin": client.base, "X-Clearline": "1", "User-Agent": client.agent,
        "Sec-Fetch-Site": "same-origin",
    }  # fmt: skip
    tried: set[str] = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        if described[operation.path][operation.method].get("security") == []:
            continue

        @settings(
            max_examples=1, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), derandomize=True,
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def refused(case: Any) -> None:
            answer = case.call(base_url=client.base, headers={**own, **_typed(case)})
            assert answer.status_code == 401, case.as_curl_command()
            openapi.response_schema_conformance(None, answer, case)
            tried.add(case.operation.label)

        with contextlib.suppress(Unsatisfiable):
            refused()
    assert len(tried) > (50 if mode is GenerationMode.POSITIVE else 30), tried


def test_schemathesis_fails_where_an_answer_is_not_as_described(north: Client) -> None:
    """The checks can fail: what is described otherwise than it is answered is found."""
    described = _without_session(json.loads(document()))
    described["paths"] = {path: described["paths"][path] for path in ["/api/v1/session"]}
    session = described["components"]["schemas"]["SessionView"]
    session["properties"]["officer"] = {"type": "integer"}
    (result,) = schemathesis.openapi.from_dict(described).get_all_operations()
    cookie = "; ".join(f"{each.name}={each.value}" for each in north.jar)
    case = result.ok().Case()
    with pytest.raises(FailureGroup):
        case.call_and_validate(
            base_url=north.base, headers={"Cookie": cookie, "User-Agent": north.agent},
            checks=CHECKS,
        )  # fmt: skip


CHECKS = [
    not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
    openapi.negative_data_rejection,
]
"""Left out: what says that every well-formed id must be there, and that a header may be left
out; the first is a 404, the second has a test of its own."""


def _without_session(described: dict[str, Any]) -> dict[str, Any]:
    """Return the description without what every case is given: the session and our own header."""
    del described["security"], described["components"]["securitySchemes"]
    for methods in described["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
            given = operation.get("parameters", [])
            operation["parameters"] = [each for each in given if each["in"] != "header"]
    return described


def _typed(case: Any) -> dict[str, str]:
    return {"Content-Type": "application/json"} if case.body is not None else {}
