"""Who comes in: cookies, one-time tokens, hosts, origins, files; and how the gateway leaves."""

import asyncio
import json
from pathlib import Path

import pytest

from podium.chassis.settings import SettingsError
from podium.client import signin
from podium.gateway.edge.address import announce, bind, forget, last_port
from podium.gateway.edge.static import StaticFiles
from podium.gateway.sessions import Sessions
from podium.gateway.settings import GatewaySettings, load_settings, parse
from podium.kernel.errors import Rejection
from podium.kernel.identity import CallerKind, Identity, issue_token
from podium.web.v1 import web_service_pb2 as web
from tests.gateway.browser import Browser
from tests.gateway.conftest import House

pytestmark = pytest.mark.asyncio(loop_scope="module")

WEB = "/podium.web.v1.WebService"
INFO = f"{WEB}/GetSessionInfo"
KEY = b"k" * 64


async def test_nothing_without_a_token(house: House) -> None:
    """Every RPC, offered, unoffered or invented, is 401 to strangers; health is open and says nothing more."""
    stranger = house.stranger()
    for path in (INFO, "/podium.pods.v1.PodService/RegisterAgent", "/podium.none.v1.Nothing/Call"):
        answer = await stranger.call(path)
        assert (answer.status, answer.reason) == (401, "UNAUTHENTICATED")
    wrong = Browser(house.url, {"authorization": "Bearer p1.user.YW5uYQ..x"})
    assert (await wrong.call(INFO)).status == 401
    assert (await stranger.request("GET", "/healthz")).json == {"status": "serving"}


async def test_the_way_in(house: House) -> None:
    """A one-time token becomes an HttpOnly, SameSite=Strict cookie that calls as its person."""
    browser = house.stranger()
    token = signin.make_one_time(house.token(name="dora"))
    answer = await browser.call("/auth/session", {"token": token})
    assert (answer.status, answer.json["actor"]) == (200, "user:dora")
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="))
    assert (await browser.call(INFO)).json["actor"] == "user:dora"
    assert "Secure" not in cookie
    out = await browser.request("DELETE", "/auth/session")
    assert (out.status, "Max-Age=0" in out.headers["set-cookie"]) == (204, True)
    assert (await browser.call(INFO)).status == 401


async def test_behind_tls_the_cookie_is_for_tls(house: House) -> None:
    """A page that came by https, through a proxy, gets a cookie that goes nowhere else."""
    origin = house.url.replace("http://", "https://")
    token = signin.make_one_time(house.token())
    answer = await house.stranger().call("/auth/session", {"token": token}, origin=origin)
    assert answer.headers["set-cookie"].endswith("; Secure")


async def test_a_token_is_spent_once(house: House) -> None:
    """The second use is refused, also when both come at the same time."""
    token = signin.make_one_time(house.token())
    answers = await asyncio.gather(*(house.stranger().call("/auth/session", {"token": token}) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401]
    assert {answer.reason for answer in answers if answer.status == 401} == {"TOKEN_SPENT"}


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"token": 3}', b"x", b'{"token": "' + b"x" * 5000 + b'"}'])
async def test_rubbish_signs_nobody_in(house: House, body: bytes) -> None:
    """What is no token is a documented refusal."""
    answer = await house.stranger().request("POST", "/auth/session", body, {"content-type": "application/json"})
    assert answer.status in (400, 401)
    assert answer.reason in ("INVALID_FIELD", "UNAUTHENTICATED")


async def test_a_form_signs_nobody_in(house: House) -> None:
    """A content type that other sites' forms can send is refused."""
    body = json.dumps({"token": signin.make_one_time(house.token())}).encode()
    answer = await house.stranger().request("POST", "/auth/session", body, {"content-type": "text/plain"})
    assert answer.status == 400


@pytest.mark.parametrize("host", ["evil.example", "evil.example:3000", "127.0.0.1.evil.example", "", "a b", "[::1"])
async def test_foreign_hosts_are_misdirected(house: House, host: str) -> None:
    """Whatever name resolves to this machine: only its own are served, files included."""
    for path in ("/", "/healthz"):
        answer = await house.browser().request("GET", path, headers={"host": host})
        assert answer.status in (400, 421)
        if answer.status == 421:
            assert answer.reason == "FOREIGN_HOST"


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:3000", "LOCALHOST"])
async def test_forwarded_ports_are_served(house: House, host: str) -> None:
    """Loopback names at any port: a port may have been forwarded."""
    assert (await house.browser().call(INFO, host=host)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
async def test_foreign_pages_are_refused(house: House, headers: dict[str, str]) -> None:
    """A page of another origin, even of another port of this machine, may neither call nor sign in, cookie or not."""
    browser = await house.signed_in()
    for path in (INFO, "/auth/session"):
        answer = await browser.call(path, {}, **headers)
        assert (answer.status, answer.reason) == (403, "FOREIGN_ORIGIN")


async def test_own_pages_are_served(house: House) -> None:
    """The gateway's own origin passes."""
    browser = await house.signed_in()
    assert (await browser.call(INFO, origin=house.url, sec_fetch_site="same-origin")).status == 200


async def test_safe_headers_are_on_everything(house: House) -> None:
    """Files, RPCs and refusals carry the policy: scripts only as files of this origin, no other origin at all."""
    answers = [
        await house.stranger().request("GET", "/"),
        await house.browser().call(INFO),
        await house.stranger().call(INFO),
        await house.browser().request("GET", "/", headers={"host": "evil.example"}),
    ]
    for answer in answers:
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy.pop("style-src") == "'self' 'unsafe-inline'"
        assert set(policy.values()) == {"'self'", "'none'"}
        assert policy["script-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers


async def test_preflights_are_not_granted(house: House) -> None:
    """A preflight of another origin gets no permission."""
    answer = await house.stranger().request("OPTIONS", INFO, headers={"origin": "http://evil.example"})
    assert answer.status == 403


class Times:
    """A clock to set."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def _sessions(times: Times) -> Sessions:
    return Sessions(KEY, times, times.now, lifetime_seconds=100)


def _one_time(times: Times, name: str = "anna") -> str:
    return signin.make_one_time(issue_token(KEY, Identity(CallerKind.PERSON, name)), now=times.now)


async def test_a_one_time_token_ends() -> None:
    """Its time over, or made before this gateway said where it serves: spent."""
    times = Times()
    sessions, old = _sessions(times), _one_time(times)
    early = signin.make_one_time(issue_token(KEY, Identity(CallerKind.PERSON, "anna")), now=times.now - 5)
    times.now += signin.LIFETIME_SECONDS
    for token in (old, early):
        with pytest.raises(Rejection) as caught:
            sessions.exchange(token)
        assert caught.value.reason == "TOKEN_SPENT"


async def test_a_cookie_ends_and_cannot_be_made_up() -> None:
    """A cookie lives its time; a changed name, time or signature makes it nobody's."""
    times = Times()
    sessions = _sessions(times)
    cookie, session = sessions.exchange(_one_time(times))
    assert session.identity == Identity(CallerKind.PERSON, "anna")
    read = sessions.read(cookie)
    assert read is not None and read.id == session.id
    parts = cookie.split(".")
    for place in range(len(parts)):
        changed = ".".join([*parts[:place], parts[place] + "1", *parts[place + 1 :]])
        assert sessions.read(changed) is None
    for rubbish in ("", ".", "s1....", "x" * 1000, "é"):
        assert sessions.read(rubbish) is None
    times.now += 100
    assert sessions.read(cookie) is None


async def test_only_people_make_one_time_tokens() -> None:
    """An agent's or a service's token is no way into a browser."""
    for kind in (CallerKind.AGENT, CallerKind.RUNNER, CallerKind.SERVICE):
        with pytest.raises(ValueError, match="person"):
            signin.make_one_time(issue_token(KEY, Identity(kind, "x")))
    forged = signin.make_one_time("p1.user.YW5uYQ..made-up")
    with pytest.raises(Rejection) as caught:
        _sessions(Times()).exchange(forged)
    assert caught.value.reason == "UNAUTHENTICATED"


async def _files(root: Path, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[dict[str, object]] = []

    async def send(message: object) -> None:
        sent.append(dict(message))  # type: ignore[call-overload]

    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await StaticFiles(root).serve({"method": "GET", "path": path, "headers": given}, send)
    pairs: list[tuple[bytes, bytes]] = sent[0]["headers"]  # type: ignore[assignment]
    return int(str(sent[0]["status"])), {k.decode(): v.decode() for k, v in pairs}, bytes(sent[1]["body"])  # type: ignore[call-overload]


async def test_files_and_their_caching(tmp_path: Path) -> None:
    """Hashed assets are kept for ever, the page is asked for again, its routes are the page, what is missing is 404."""
    root = tmp_path / "ui"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<p>page</p>")
    (root / "assets" / "app-1a2b.js").write_text("1")
    (tmp_path / "secret").write_text("no")
    (root / ".hidden").write_text("no")

    status, headers, body = await _files(root, "/assets/app-1a2b.js")
    assert (status, body, "immutable" in headers["cache-control"]) == (200, b"1", True)
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    for path in ("/", "/pods/task_1", "/index.html"):
        status, headers, body = await _files(root, path)
        assert (status, body, headers["cache-control"]) == (200, b"<p>page</p>", "no-cache")
    status, _, body = await _files(root, "/", if_none_match=headers["etag"])
    assert (status, body) == (304, b"")
    for path in ("/assets/gone.js", "/favicon.ico", "/../secret", "/assets/../../secret", "/.hidden", "/a\x00"):
        assert (await _files(root, path))[0] == 404


async def test_without_a_build_the_page_says_how(tmp_path: Path) -> None:
    """A checkout that was not built shows what to do."""
    status, _, body = await _files(tmp_path / "none", "/")
    assert status == 200
    assert b"make web" in body


async def test_the_next_free_port_is_taken(house: House) -> None:
    """Where the port is taken, the next one is; both can serve."""
    first = bind("127.0.0.1", 0)
    port = first.getsockname()[1]
    second = bind("127.0.0.1", port)
    assert second.getsockname()[1] > port
    third = bind("127.0.0.1", port, last_time=second.getsockname()[1] + 1)
    assert third.getsockname()[1] == second.getsockname()[1] + 1
    for listener in (first, second, third):
        listener.close()


async def test_tabs_find_a_gateway_that_was_killed(tmp_path: Path) -> None:
    """What a killed gateway announced is where the next one goes; what an orderly one announced is gone."""
    place = tmp_path / "gateway.json"
    assert last_port(place) == 0
    announce(place, "http://127.0.0.1:3007", has_ui=True)
    assert last_port(place) == 3007
    forget(place)
    assert last_port(place) == 0
    place.write_text("[]")
    assert last_port(place) == 0


async def test_settings_are_checked() -> None:
    """Unknown names, wrong kinds and wrong ranges name the field."""
    assert parse({"hosts": ["a"], "heartbeat_seconds": 3}) == GatewaySettings(hosts=("a",), heartbeat_seconds=3.0)
    for wrong in (
        {"prot": 1},
        {"port": "x"},
        {"port": 70_000},
        {"hosts": "a"},
        {"session_days": 0},
        {"heartbeat_seconds": 0},
        {"port": True},
    ):
        with pytest.raises(SettingsError, match=next(iter(wrong))):
            parse(wrong)


async def test_the_environment_stands_above_the_file(tmp_path: Path) -> None:
    """Containers set what they need without a file."""
    config = tmp_path / "podium.toml"
    config.write_text('[gateway]\nport = 1\nhost = "file"\n')
    environment = {"PODIUM_GATEWAY_PORT": "4000", "PODIUM_GATEWAY_HOSTS": "a.example, b.example"}
    assert load_settings(config, environment) == GatewaySettings(
        host="file", port=4000, hosts=("a.example", "b.example")
    )
    with pytest.raises(SettingsError, match="PODIUM_GATEWAY_PORT"):
        load_settings(config, {"PODIUM_GATEWAY_PORT": "many"})


async def test_it_leaves_in_order(own_house: House) -> None:
    """Open streams end with a status that says come again, a call under way is answered, the address is withdrawn."""
    house = own_house
    installation = house.settings("gateway").installation
    browser = await house.signed_in()
    watch = await browser.feed(f"{WEB}/Watch", web.WatchRequest())
    forwarded = await browser.open(
        "POST",
        "/podium.pods.v1.PodService/WatchPods",
        b"\x00\x00\x00\x00\x00",
        {"content-type": "application/connect+proto"},
    )
    await watch.frame()
    await forwarded.frame()
    stopping = asyncio.ensure_future(house.stop("gateway"))
    for stream in (watch, forwarded):
        error = (await stream.end())["error"]
        assert (error["code"], error["details"][0]["debug"]["reason"]) == ("unavailable", "NOT_READY")
        stream.close()
    await stopping
    assert signin.find_gateway(installation) is None
    await house.start("gateway")
    assert (await Browser(house.url, browser.headers).call(INFO)).json["actor"] == "user:anna"
