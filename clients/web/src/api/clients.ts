import { createClient } from "@connectrpc/connect";
import { EventStoreService } from "@gen/podium/events/v1/event_service_pb";
import { PodService } from "@gen/podium/pods/v1/pod_service_pb";
import { MaestroService } from "@gen/podium/tasks/v1/maestro_service_pb";
import { TerminalService } from "@gen/podium/tasks/v1/terminal_service_pb";
import { WebService } from "@gen/podium/web/v1/web_service_pb";
import { transport } from "./transport";

export const pods = createClient(PodService, transport);
export const maestro = createClient(MaestroService, transport);
export const terminals = createClient(TerminalService, transport);
export const web = createClient(WebService, transport);
export const eventStore = createClient(EventStoreService, transport);
