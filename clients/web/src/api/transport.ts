import { createConnectTransport } from "@connectrpc/connect-web";

export const transport = createConnectTransport({ baseUrl: self.location.origin, useBinaryFormat: true });
