/// <reference lib="webworker" />
import { createClient } from "@connectrpc/connect";
import { WebService } from "@gen/podium/web/v1/web_service_pb";
import { transport } from "@/api/transport";
import { Hub } from "./hub";
import type { Port, ToHub, ToTab } from "./messages";
import { Multiplexer } from "./multiplexer";

/** The shared worker: one watch for all tabs of this browser. */
const scope = self as unknown as SharedWorkerGlobalScope;

const web = createClient(WebService, transport);

const hub = new Hub(
  () => new Multiplexer({ watch: (request, options) => web.watch(request, options), setWatch: (request) => web.setWatch(request) }),
  (lock) => navigator.locks.request(lock, () => undefined),
);

scope.onconnect = ({ ports: [port] }) => {
  if (port) hub.connect(port as unknown as Port<ToHub, ToTab>);
};
