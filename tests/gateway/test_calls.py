"""RPCs through the gateway: JSON, binary, gRPC-Web, GET; errors, deadlines, what is refused."""

import asyncio
import base64
import json
import struct
from urllib.parse import quote

import pytest
from google.rpc import error_details_pb2

from podium.gateway.rpc.catalogue import Catalogue
from podium.gateway.rpc.forwarding import BODY_LIMIT_BYTES
from podium.kernel.identity import CallerKind
from podium.pods.v1 import pod_service_pb2 as pods
from podium.tasks.v1 import maestro_service_pb2 as tasks
from podium.web.v1 import web_service_pb2 as web
from tests.gateway.browser import END_OF_GRPC_WEB, Browser
from tests.gateway.conftest import House
from tests.pod_manager.servers import open_request

pytestmark = pytest.mark.asyncio(loop_scope="module")

MAESTRO = "/podium.tasks.v1.MaestroService"
PODS = "/podium.pods.v1.PodService"
WEB = "/podium.web.v1.WebService"


async def test_json_in_and_out(house: House) -> None:
    """An RPC is callable as curl would: JSON by POST with a bearer token; the actor is the token's person."""
    browser = house.browser("bea")
    made = await browser.call(f"{MAESTRO}/CreateProject", {"projectId": "p-json", "repository": "/r"})
    assert (made.status, made.headers["content-type"]) == (200, "application/json")
    assert made.json["project"]["id"] == "p-json"
    info = await browser.call(f"{WEB}/GetSessionInfo")
    assert (info.json["actor"], info.json["name"]) == ("user:bea", "bea")
    assert info.headers["cache-control"] == "no-store"


async def test_binary_in_and_out(house: House) -> None:
    """Protocol Buffers' own format works as well."""
    request = tasks.ListProjectsRequest(page_size=10)
    headers = {"content-type": "application/proto", "connect-protocol-version": "1"}
    answer = await house.browser().request("POST", f"{MAESTRO}/ListProjects", request.SerializeToString(), headers)
    assert answer.status == 200
    tasks.ListProjectsResponse.FromString(answer.body)


async def test_calls_without_effects_answer_get(house: House) -> None:
    """What is marked free of effects can be fetched by GET; what is not cannot."""
    message = quote(json.dumps({"pageSize": 5}))
    browser = house.browser()
    answer = await browser.request("GET", f"{MAESTRO}/ListProjects?connect=v1&encoding=json&message={message}")
    assert answer.status == 200
    refused = await browser.request("GET", f"{MAESTRO}/CreateProject?connect=v1&encoding=json&message=%7B%7D")
    assert refused.status == 405


async def test_grpc_web(house: House) -> None:
    """A gRPC-Web client gets a message frame and a trailer frame with the status."""
    stream = await house.browser().feed(f"{MAESTRO}/ListProjects", tasks.ListProjectsRequest(), "grpc-web+proto")
    flags, data = await stream.frame()
    assert flags == 0
    tasks.ListProjectsResponse.FromString(data)
    flags, trailers = await stream.frame()
    assert flags == END_OF_GRPC_WEB
    assert b"grpc-status: 0" in trailers
    stream.close()


async def test_grpc_web_error(house: House) -> None:
    """Its errors carry number, message and details in the trailers."""
    stream = await house.browser().feed(f"{PODS}/GetPod", pods.GetPodRequest(pod_id="none"), "grpc-web+proto")
    _, trailers = await stream.frame()
    lines = dict(line.split(": ", 1) for line in trailers.decode().splitlines() if line)
    assert lines["grpc-status"] == "5"
    assert "POD_NOT_FOUND" in base64.b64decode(lines["grpc-status-details-bin"] + "==").decode(errors="replace")
    stream.close()


async def test_errors_keep_their_details(house: House) -> None:
    """A service's refusal arrives with its code, its ErrorInfo as bytes, and readable for people."""
    answer = await house.browser().call(f"{PODS}/GetPod", {"podId": "none"})
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    detail = answer.json["details"][0]
    info = error_details_pb2.ErrorInfo.FromString(base64.b64decode(detail["value"] + "=="))
    assert (info.reason, info.domain, info.metadata["pod_id"]) == ("POD_NOT_FOUND", "podium", "none")
    assert detail["debug"]["reason"] == "POD_NOT_FOUND"


async def test_field_violations_arrive(house: House) -> None:
    """A field that breaks its rule is named in a BadRequest."""
    answer = await house.browser().call(f"{PODS}/GetPod", {"podId": ""})
    assert (answer.status, answer.reason) == (400, "INVALID_FIELD")
    violations = answer.json["details"][1]["debug"]["fieldViolations"]
    assert [each["field"] for each in violations] == ["pod_id"]


@pytest.mark.parametrize("body", [b"{", b'{"nothing": 1}', b"\xff", b"[]", b'"x"'])
async def test_wrong_json_is_refused(house: House, body: bytes) -> None:
    """Broken JSON and unknown fields are INVALID_ARGUMENT, never an empty request."""
    answer = await house.browser().request("POST", f"{PODS}/GetPod", body, {"content-type": "application/json"})
    assert (answer.status, answer.reason) == (400, "INVALID_FIELD")


async def test_request_ids_are_made_and_kept(house: House) -> None:
    """A mutation without a request id gets one; the same id twice takes effect once."""
    browser = house.browser()
    await browser.call(f"{MAESTRO}/CreateProject", {"projectId": "p-ids", "repository": "/r"})
    same = {"projectId": "p-ids", "title": "once", "requestId": "r-1"}
    first, second = [(await browser.call(f"{MAESTRO}/CreateTask", same)).json for _ in range(2)]
    assert first == second
    third = (await browser.call(f"{MAESTRO}/CreateTask", {"projectId": "p-ids", "title": "again"})).json
    assert third["task"]["number"] == "2"


async def test_facts_are_readable_in_json(house: House) -> None:
    """Events carry their facts as `Any`; JSON shows them by type."""
    await house.client().pods.OpenPod(open_request("task_facts", project_id="p-facts"))
    answer = await house.browser().call(f"{PODS}/ListPodEvents", {"podId": "task_facts"})
    types = {event["fact"]["@type"].rpartition(".")[2] for event in answer.json["events"]}
    assert "PodOpened" in types


async def test_a_deadline_reaches_the_service(house: House) -> None:
    """A timeout header ends a call whose service is away, in time, with DEADLINE_EXCEEDED."""
    await house.stop("pod-manager")
    try:
        answer = await house.browser().call(f"{PODS}/GetPod", {"podId": "x"}, connect_timeout_ms="150")
    finally:
        await house.start("pod-manager")
    assert answer.json["code"] in ("deadline_exceeded", "unavailable")
    assert "unix:" not in answer.json["message"]


async def test_a_service_that_comes_back_answers_the_waiting_call(house: House) -> None:
    """A call made while its service restarts is not lost: the gateway repeats it, safely."""
    await house.stop("pod-manager")
    call = asyncio.ensure_future(house.browser().call(f"{PODS}/ListPods"))
    await house.start("pod-manager")
    assert (await call).status == 200


async def test_every_offered_rpc_is_for_people_and_the_rest_is_refused(house: House) -> None:
    """The list follows the callers option; what is not on it is refused, whoever asks."""
    catalogue = Catalogue()
    assert f"{PODS}/ApproveSpec" in catalogue.routes
    browser = house.browser()
    for path in (f"{PODS}/RegisterAgent", "/podium.events.v1.EventStoreService/Append"):
        assert catalogue.knows(path)
        answer = await browser.call(path)
        assert (answer.status, answer.reason) == (403, "NOT_FOR_BROWSERS")
    for name in ("Append", "Backup", "DeleteStream", "Verify", "Subscribe", "ReadAll", "SetStreamMetadata"):
        assert f"/podium.events.v1.EventStoreService/{name}" not in catalogue.routes
    assert (await browser.call("/podium.pods.v1.PodService/Nothing")).status == 404


async def test_the_leases_can_be_seen(house: House) -> None:
    """A few reading RPCs of the event store are on the list."""
    answer = await house.browser().call("/podium.events.v1.EventStoreService/ListLeases")
    assert {"maestro-1", "pod-manager-1"} <= {lease["name"] for lease in answer.json["leases"]}


@pytest.mark.parametrize("kind", [CallerKind.AGENT, CallerKind.RUNNER, CallerKind.SERVICE])
async def test_only_people_come_in(house: House, kind: CallerKind) -> None:
    """A valid token of anything but a person is refused at the door."""
    browser = Browser(house.url, {"authorization": f"Bearer {house.token(kind, 'x', 'pod')}"})
    answer = await browser.call(f"{MAESTRO}/ListProjects")
    assert (answer.status, answer.reason) == (403, "CALLER_NOT_ALLOWED")


async def test_a_body_too_long_is_refused(house: House) -> None:
    """More than 4 MiB is 413 when announced, and refused when it comes in pieces."""
    browser = house.browser()
    length = str(BODY_LIMIT_BYTES + 1)
    answer = await browser.request(
        "POST", f"{PODS}/GetPod", b"", {"content-type": "application/json", "content-length": length}
    )
    assert (answer.status, answer.reason) == (413, "CONTENT_TOO_LONG")
    stream = await browser.open(
        "POST",
        f"{PODS}/WatchPod",
        struct.pack(">BI", 0, BODY_LIMIT_BYTES + 1),
        {"content-type": "application/connect+proto"},
    )
    assert (await stream.end())["error"]["code"] == "resource_exhausted"
    stream.close()


async def test_headers_too_long_are_refused(house: House) -> None:
    """A head of a hundred kilobytes gets 431 or 400, and no memory."""
    answer = await house.browser().request("GET", "/healthz", headers={"x-long": "x" * 100_000})
    assert answer.status in (400, 431)


async def test_plain_grpc_is_told_where_to_go(house: House) -> None:
    """gRPC needs HTTP/2: the refusal says so, and is no crash."""
    answer = await house.browser().request("POST", f"{PODS}/GetPod", b"", {"content-type": "application/grpc"})
    assert answer.status == 415
    assert "HTTP/2" in answer.json["message"]


async def test_transcripts_are_read_from_the_end(house: House) -> None:
    """The last page first, then what comes before, then what came after; an unknown session has nothing."""
    from podium.events.v1.event_pb2 import NewEvent, StreamAppend
    from podium.jobs.v1.artifact_events_pb2 import TranscriptChunk

    chunks = [TranscriptChunk(source=1, data=f"line {n}\n".encode()) for n in range(1, 8)]
    events = [NewEvent(type="podium.jobs.v1.TranscriptChunk", data=chunk.SerializeToString()) for chunk in chunks]
    runner = house.client(CallerKind.RUNNER, "runner-1")
    await runner.events.append([StreamAppend(stream="transcripts/agent_t", events=events)])

    async def page(**values: object) -> web.ReadTranscriptResponse:
        request = web.ReadTranscriptRequest(session_id="agent_t", page_size=3, **values)  # type: ignore[arg-type]
        answer = await house.browser().request(
            "POST", f"{WEB}/ReadTranscript", request.SerializeToString(), {"content-type": "application/proto"}
        )
        return web.ReadTranscriptResponse.FromString(answer.body)

    last = await page()
    assert ([each.revision for each in last.entries], last.has_more, last.revision) == ([5, 6, 7], True, 7)
    assert last.entries[-1].chunk.data == b"line 7\n"
    before = await page(before_revision=5)
    assert ([each.revision for each in before.entries], before.has_more) == ([2, 3, 4], True)
    first = await page(before_revision=2)
    assert ([each.revision for each in first.entries], first.has_more) == ([1], False)
    assert not (await page(before_revision=1)).entries
    after = await page(after_revision=5)
    assert ([each.revision for each in after.entries], after.has_more) == ([6, 7], False)
    answer = await house.browser().call(f"{WEB}/ReadTranscript", {"sessionId": "nobody"})
    assert answer.json == {}
