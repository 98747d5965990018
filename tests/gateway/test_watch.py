"""Streams through the gateway: forwarded ones, and the one watch for all that a tab shows."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from podium.client.attempts import OPENING_SECONDS
from podium.client.errors import PodiumError
from podium.events.v1.event_pb2 import NewEvent, StreamAppend
from podium.events.v1.event_service_pb2 import SetStreamMetadataRequest, StreamRetention
from podium.jobs.v1.artifact_events_pb2 import TranscriptChunk
from podium.kernel.identity import CallerKind
from podium.pods.v1 import pod_service_pb2 as pods
from podium.tasks.v1 import maestro_service_pb2 as tasks
from podium.web.v1 import web_service_pb2 as web
from tests.gateway.browser import END_OF_CONNECT, LIMIT_SECONDS, Stream
from tests.gateway.conftest import House
from tests.pod_manager.servers import open_request

pytestmark = pytest.mark.asyncio(loop_scope="module")

WEB = "/podium.web.v1.WebService"
MAESTRO = "/podium.tasks.v1.MaestroService"


class Tab:
    """An open watch."""

    def __init__(self, house: House, stream: Stream, opened: web.WatchOpened) -> None:
        self._house = house
        self._stream = stream
        self.id = opened.watch_id

    @classmethod
    async def open(cls, house: House, *targets: web.WatchTarget, name: str = "anna") -> "Tab":
        stream = await house.browser(name).feed(f"{WEB}/Watch", web.WatchRequest(targets=targets))
        assert stream.answer.status == 200
        first = web.WatchResponse.FromString((await stream.frame())[1])
        assert first.WhichOneof("item") == "opened"
        return cls(house, stream, first.opened)

    async def next(self) -> web.WatchResponse:
        """The next item that is no heartbeat."""
        while True:
            flags, data = await self._stream.frame()
            assert not flags & END_OF_CONNECT, data
            item = web.WatchResponse.FromString(data)
            if item.WhichOneof("item") != "heartbeat":
                return item

    async def until(self, target_id: str, holds: Callable[[web.WatchResponse], object]) -> web.WatchResponse:
        """The first item of the target of which it holds."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                item = await self.next()
                if item.target_id == target_id and holds(item):
                    return item

    async def set(self, remove: tuple[str, ...] = (), *add: web.WatchTarget) -> list[str]:
        request = web.SetWatchRequest(watch_id=self.id, remove=remove, add=add)
        answer = await self._house.browser().request(
            "POST", f"{WEB}/SetWatch", request.SerializeToString(), {"content-type": "application/proto"}
        )
        assert answer.status == 200, answer.body
        return list(web.SetWatchResponse.FromString(answer.body).target_ids)

    def close(self) -> None:
        self._stream.close()


def board(target_id: str = "board", **values: Any) -> web.WatchTarget:
    return web.WatchTarget(target_id=target_id, board=pods.WatchPodsRequest(**values))


def pod(pod_id: str, target_id: str = "pod", **values: Any) -> web.WatchTarget:
    values.setdefault("start", pods.WATCH_START_SNAPSHOT)
    return web.WatchTarget(target_id=target_id, pod=pods.WatchPodRequest(pod_id=pod_id, **values))


def project(project_id: str, target_id: str = "project", **values: Any) -> web.WatchTarget:
    return web.WatchTarget(target_id=target_id, project=tasks.WatchProjectRequest(project_id=project_id, **values))


def transcript(session_id: str, **values: Any) -> web.WatchTarget:
    return web.WatchTarget(target_id="text", transcript=web.TranscriptTarget(session_id=session_id, **values))


async def new_project(house: House, project_id: str) -> None:
    await house.client().maestro.CreateProject(tasks.CreateProjectRequest(project_id=project_id, repository="/r"))


async def new_task(house: House, project_id: str, title: str) -> tasks.CreateTaskResponse:
    return await house.client().maestro.CreateTask(tasks.CreateTaskRequest(project_id=project_id, title=title))


async def test_a_forwarded_stream_as_json(house: House) -> None:
    """A service's own stream can be read as JSON frames, and ends when the client goes."""
    await new_project(house, "s-json")
    request = tasks.WatchProjectRequest(project_id="s-json")
    stream = await house.browser().feed(f"{MAESTRO}/WatchProject", request, "connect+json")
    assert "bookmark" in json.loads((await stream.frame())[1])
    await new_task(house, "s-json", "seen")
    while "change" not in (item := json.loads((await stream.frame())[1])):
        pass
    assert item["change"]["tasks"][0]["title"] == "seen"
    stream.close()


async def test_a_stream_as_lines(house: House) -> None:
    """Called with plain JSON, a streaming RPC answers a JSON document a line; a refusal has its own status."""
    await new_project(house, "s-lines")
    browser, plain = house.browser(), {"content-type": "application/json"}
    path = f"{MAESTRO}/WatchProject"
    stream = await browser.open("POST", path, b'{"projectId": "s-lines"}', plain)
    assert (stream.answer.status, stream.answer.headers["content-type"]) == (200, "application/x-ndjson")
    parts = stream.parts()
    assert "bookmark" in json.loads(await anext(parts))
    await new_task(house, "s-lines", "seen")
    async with asyncio.timeout(LIMIT_SECONDS):
        while "change" not in (item := json.loads(await anext(parts))):
            pass
    assert item["change"]["tasks"][0]["title"] == "seen"
    stream.close()
    unknown = await browser.request("POST", "/podium.pods.v1.PodService/WatchPod", b'{"podId": "none"}', plain)
    assert (unknown.status, unknown.reason) == (404, "POD_NOT_FOUND")
    broken = await browser.request("POST", path, b'{"project": 1}', plain)
    assert (broken.status, broken.reason) == (400, "INVALID_FIELD")


async def test_a_stream_that_is_refused_says_so_in_its_end(house: House) -> None:
    """A refusal of a streaming RPC comes as Connect's last frame, with its details."""
    stream = await house.browser().feed("/podium.pods.v1.PodService/WatchPod", pods.WatchPodRequest(pod_id="none"))
    error = (await stream.end())["error"]
    assert (error["code"], error["details"][0]["debug"]["reason"]) == ("not_found", "POD_NOT_FOUND")
    stream.close()


async def test_many_targets_ride_on_one_stream(house: House) -> None:
    """Board, pod, project and transcript in one stream, each item under its target's id."""
    await new_project(house, "w-many")
    await house.client().pods.OpenPod(open_request("task_many", project_id="w-many"))
    tab = await Tab.open(house, board(), pod("task_many"), project("w-many"), transcript("agent_many"))
    seen: dict[str, web.WatchResponse] = {}
    async with asyncio.timeout(LIMIT_SECONDS):
        while seen.keys() != {"board", "pod", "project", "text"}:
            item = await tab.next()
            seen.setdefault(item.target_id, item)
    assert "task_many" in {each.pod_id for each in seen["board"].board.pods}
    assert seen["pod"].pod.snapshot.pod_id == "task_many"
    await house.client().pods.CancelPod(pods.CancelPodRequest(pod_id="task_many", reason="enough"))
    change = await tab.until("pod", lambda item: item.pod.change.to_revision)
    assert change.pod.change.events
    tab.close()


async def test_a_tab_changes_what_it_watches(house: House) -> None:
    """SetWatch adds and removes targets of a stream that stays open; repeating it changes nothing."""
    await new_project(house, "w-one")
    await new_project(house, "w-two")
    tab = await Tab.open(house, project("w-one", "one"))
    assert await tab.set((), project("w-two", "two")) == ["one", "two"]
    assert await tab.set((), project("w-two", "two")) == ["one", "two"]
    await tab.until("two", lambda item: item.project.HasField("bookmark"))
    await new_task(house, "w-two", "told")
    item = await tab.until("two", lambda item: item.project.change.tasks)
    assert item.project.change.tasks[0].title == "told"
    assert await tab.set(("one", "unknown")) == ["two"]
    await new_task(house, "w-one", "not told")
    await new_task(house, "w-two", "told too")
    later = await tab.until("two", lambda item: item.project.change.tasks)
    assert later.project.change.tasks[0].title == "told too"
    tab.close()


async def test_a_watch_resumes_where_another_ended(house: House) -> None:
    """A new stream with the resume point of the old one gets what happened in between, and only that."""
    await new_project(house, "w-resume")
    tab = await Tab.open(house, project("w-resume"))
    mark = (await tab.until("project", lambda item: item.project.HasField("bookmark"))).project.bookmark.revision
    tab.close()
    await new_task(house, "w-resume", "meanwhile")
    again = await Tab.open(house, project("w-resume", after_revision=mark))
    change = (await again.until("project", lambda item: item.project.change.to_revision)).project.change
    assert (change.from_revision, [task.title for task in change.tasks]) == (mark, ["meanwhile"])
    again.close()


async def test_a_target_that_fails_leaves_the_others(house: House) -> None:
    """An unknown pod is a failure of its target alone, which leaves the watch."""
    await new_project(house, "w-rest")
    tab = await Tab.open(house, pod("nowhere"), project("w-rest"))
    failed = (await tab.until("pod", lambda item: item.HasField("failed"))).failed
    assert (failed.code, failed.reason, failed.metadata["pod_id"]) == (5, "POD_NOT_FOUND", "nowhere")
    assert await tab.set() == ["project"]
    await new_task(house, "w-rest", "still here")
    await tab.until("project", lambda item: item.project.change.tasks)
    tab.close()


async def test_a_lost_resume_point_is_out_of_range(house: House) -> None:
    """A transcript whose resume point was cut away fails with code 11 and its reason: take it from the end."""
    runner = house.client(CallerKind.RUNNER, "runner-1")
    data = TranscriptChunk(source=1, data=b"x").SerializeToString()
    events = [NewEvent(type="podium.jobs.v1.TranscriptChunk", data=data) for _ in range(9)]
    await runner.events.append([StreamAppend(stream="transcripts/agent_cut", events=events)])
    kept = SetStreamMetadataRequest(stream="transcripts/agent_cut", retention=StreamRetention(max_count=2))
    await runner.event_store.SetStreamMetadata(kept)
    tab = await Tab.open(house, transcript("agent_cut", after_revision=1))
    failed = (await tab.until("text", lambda item: item.HasField("failed"))).failed
    assert (failed.code, failed.reason) == (11, "RESUME_POINT_TRUNCATED")
    tab.close()


async def test_a_transcript_grows_on_the_stream(house: House) -> None:
    """What was there, the mark that it was all, then what comes."""
    runner = house.client(CallerKind.RUNNER, "runner-1")

    async def write(text: str) -> None:
        data = TranscriptChunk(source=1, data=text.encode()).SerializeToString()
        event = NewEvent(type="podium.jobs.v1.TranscriptChunk", data=data)
        await runner.events.append([StreamAppend(stream="transcripts/agent_grow", events=[event])])

    await write("one")
    tab = await Tab.open(house, transcript("agent_grow", after_revision=0))
    first = await tab.until("text", lambda item: item.transcript.entries)
    assert first.transcript.entries[0].chunk.data == b"one"
    assert (await tab.until("text", lambda item: item.transcript.synced)).transcript.revision == 1
    await write("two")
    later = await tab.until("text", lambda item: item.transcript.entries)
    assert (later.transcript.entries[0].revision, later.transcript.revision) == (2, 2)
    tab.close()


async def test_a_slow_tab_gets_the_last_value_and_holds_nobody_up(house: House) -> None:
    """A tab that does not read gets what it missed in fewer, conflated changes; the writer and others never wait."""
    await new_project(house, "w-slow")
    slow, quick = await Tab.open(house, project("w-slow")), await Tab.open(house, project("w-slow"))
    for tab in (slow, quick):
        await tab.until("project", lambda item: item.project.HasField("bookmark"))
    client = house.client().maestro
    task = (await new_task(house, "w-slow", "slow")).task
    rounds = 300
    for number in range(rounds):
        text = f"{number} ".ljust(60_000, "x")
        request = tasks.UpdateTaskRequest(project_id="w-slow", task_id=task.id, description=text)
        request.update_mask.paths.append("description")
        await client.UpdateTask(request)
        if number % 50 == 0:
            await quick.until("project", lambda item, n=number: has_round(item, n))
    await quick.until("project", lambda item: has_round(item, rounds - 1))
    changes: list[Any] = []

    def last(item: web.WatchResponse) -> bool:
        changes.append(item.project.change)
        return has_round(item, rounds - 1)

    await slow.until("project", last)
    assert len(changes) < rounds
    assert any(change.conflated for change in changes)
    slow.close()
    quick.close()


def has_round(item: web.WatchResponse, number: int) -> bool:
    return any(task.description.startswith(f"{number} ") for task in item.project.change.tasks)


async def test_a_quiet_watch_has_a_pulse(house: House) -> None:
    """Where nothing comes the heartbeat does."""
    stream = await house.browser().feed(f"{WEB}/Watch", web.WatchRequest())
    await stream.frame()
    item = web.WatchResponse.FromString((await stream.frame())[1])
    assert item.WhichOneof("item") == "heartbeat"
    stream.close()


async def test_a_service_that_restarts_interrupts_and_goes_on(house: House) -> None:
    """The tab hears that a service is away, the stream stays open, and nothing is missed when it is back."""
    await new_project(house, "w-back")
    tab = await Tab.open(house, project("w-back"))
    await tab.until("project", lambda item: item.project.HasField("bookmark"))
    await house.stop("maestro")
    notice = await tab.until("project", lambda item: item.HasField("interrupted"))
    assert notice.interrupted.retry_seconds >= 1
    assert "unix:" not in notice.interrupted.message
    await house.start("maestro")
    await new_task(house, "w-back", "after")
    item = await tab.until("project", lambda item: item.project.change.tasks)
    assert item.project.change.tasks[0].title == "after"
    tab.close()


async def test_a_tab_opened_while_a_service_is_away_hears_so_at_once(house: House) -> None:
    """Not only after the time for which a client would open it again and again; then it goes on."""
    await new_project(house, "w-away")
    await house.stop("maestro")
    tab = await Tab.open(house, project("w-away"))
    async with asyncio.timeout(OPENING_SECONDS / 2):
        await tab.until("project", lambda item: item.HasField("interrupted"))
    await house.start("maestro")
    await tab.until("project", lambda item: item.project.HasField("bookmark"))
    tab.close()


async def test_a_watch_belongs_to_its_person(house: House) -> None:
    """Another person cannot change it, nor can anybody once it is closed."""
    tab = await Tab.open(house, name="carl")
    answer = await house.browser("anna").call(f"{WEB}/SetWatch", {"watchId": tab.id})
    assert (answer.status, answer.reason) == (404, "WATCH_NOT_FOUND")
    tab.close()

    async def gone() -> bool:
        return (await house.browser("carl").call(f"{WEB}/SetWatch", {"watchId": tab.id})).status == 404

    async with asyncio.timeout(LIMIT_SECONDS):
        while not await gone():
            await asyncio.sleep(0)


async def test_too_many_targets_change_nothing(house: House) -> None:
    """The limit holds for the sum; a refused change leaves the watch as it was."""
    tab = await Tab.open(house, *(project("none", f"t{n}") for n in range(0)))
    many = [{"targetId": f"t{n}", "transcript": {"sessionId": "x"}} for n in range(100)]
    first = await house.browser().call(f"{WEB}/SetWatch", {"watchId": tab.id, "add": many})
    assert len(first.json["targetIds"]) == 100
    one = [{"targetId": "more", "transcript": {"sessionId": "x"}}]
    refused = await house.browser().call(f"{WEB}/SetWatch", {"watchId": tab.id, "add": one})
    assert (refused.status, refused.reason) == (400, "TOO_MANY_ENTRIES")
    swapped = await house.browser().call(f"{WEB}/SetWatch", {"watchId": tab.id, "add": one, "remove": ["t0"]})
    assert len(swapped.json["targetIds"]) == 100
    tab.close()


async def test_a_browser_has_so_many_streams(house: House) -> None:
    """The fourth of three is refused with TOO_MANY_REQUESTS; another browser is not touched; closing one makes room."""
    browser = await house.signed_in()
    streams = [await browser.feed(f"{WEB}/Watch", web.WatchRequest()) for _ in range(3)]
    refused = await browser.feed(f"{WEB}/Watch", web.WatchRequest())
    error = (await refused.end())["error"]
    assert (error["code"], error["details"][0]["debug"]["reason"]) == ("resource_exhausted", "TOO_MANY_REQUESTS")
    other = await (await house.signed_in()).feed(f"{WEB}/Watch", web.WatchRequest())
    assert not (await other.frame())[0] & END_OF_CONNECT
    streams.pop().close()
    async with asyncio.timeout(LIMIT_SECONDS):
        while (await (again := await browser.feed(f"{WEB}/Watch", web.WatchRequest())).frame())[0] & END_OF_CONNECT:
            again.close()
    for stream in (*streams, refused, other, again):
        stream.close()


async def test_the_service_can_be_called_without_http(house: House) -> None:
    """WebService is a gRPC service like any other, with the same callers and field rules."""
    from podium.web.v1.web_service_pb2_grpc import WebServiceStub

    agent = house.client(CallerKind.AGENT, "agent_1")
    stub = WebServiceStub(agent.channel(house.settings("gateway").listen))
    with pytest.raises(PodiumError) as caught:
        await stub.GetSessionInfo(web.GetSessionInfoRequest())
    assert caught.value.reason == "CALLER_NOT_ALLOWED"
