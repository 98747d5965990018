"""The gateway as a process under the supervisor."""

import socket
from pathlib import Path

from podium.client import signin
from podium.web.v1 import web_service_pb2 as web
from tests.gateway.browser import Browser
from tests.support.installation import LocalInstallation

INFO = "/podium.web.v1.WebService/GetSessionInfo"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def test_a_killed_gateway_comes_back_where_it_was(tmp_path: Path) -> None:
    """kill -9: the same address, cookies go on, a token used before is not taken again; the others never noticed."""
    async with LocalInstallation(tmp_path, gateway={"port": free_port()}) as place:

        def ready(state: dict[str, list[dict[str, object]]]) -> bool:
            return all(service["state"] == "ready" for service in state["services"])

        await place.until(ready, "the gateway ready too")
        gateway = signin.find_gateway(place.installation)
        assert gateway is not None
        browser = Browser(gateway.url)
        token = signin.make_one_time(place.installation.person_token())
        assert (await browser.call("/auth/session", {"token": token})).status == 200
        watch = await browser.feed("/podium.web.v1.WebService/Watch", web.WatchRequest())
        await watch.frame()
        others = [place.service(name)["pid"] for name in ("event-store", "pod-manager", "maestro", "runner")]

        await place.back("gateway", place.kill("gateway"))

        assert signin.find_gateway(place.installation) == gateway
        assert (await browser.call(INFO)).status == 200
        again = await Browser(gateway.url).call("/auth/session", {"token": token})
        assert (again.status, again.reason) == (401, "TOKEN_SPENT")
        assert others == [place.service(name)["pid"] for name in ("event-store", "pod-manager", "maestro", "runner")]
        watch.close()
