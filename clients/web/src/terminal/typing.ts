import { Code, ConnectError } from "@connectrpc/connect";

export interface WriteCalls {
  write(request: { projectId: string; sessionId: string; inputToken: string; data: Uint8Array; sequence: bigint }): Promise<unknown>;
}

/** Of one call, as the service allows it. */
const CALL_BYTES = 60_000;
/** Of what waits to be sent: a paste of a file, not of a disk. */
const QUEUE_BYTES = 1 << 20;
const ATTEMPTS = 8;
const RETRYABLE = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted, Code.Unknown]);

/** What is typed, in order: one call at a time, each takes all that waits; a lost one is repeated under its number. */
export class Typing {
  private queue: Uint8Array[] = [];
  private queued = 0;
  private token = "";
  private sequence = 0n;
  private sending = false;

  constructor(
    private readonly ids: { projectId: string; sessionId: string },
    private readonly calls: WriteCalls,
    private readonly refused: (error: unknown) => void,
    private readonly pause: (milliseconds: number) => Promise<void> = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  ) {}

  /** The token that inputs are typed under, and the last number taken under it; none: what waits is dropped. */
  begin(token: string, sequence: bigint): void {
    if (token !== this.token || !this.sending) this.sequence = sequence;
    if (!token) this.drop();
    this.token = token;
    void this.send();
  }

  add(data: Uint8Array): void {
    if (this.queued + data.length > QUEUE_BYTES) {
      this.refused(new ConnectError("too much waits to be typed", Code.ResourceExhausted));
      return;
    }
    this.queue.push(data);
    this.queued += data.length;
    void this.send();
  }

  private async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      while (this.token && this.queue.length > 0) {
        const { token } = this;
        this.sequence += 1n;
        await this.call(token, this.take(), this.sequence);
      }
    } catch (error) {
      this.drop();
      this.refused(error);
    } finally {
      this.sending = false;
    }
  }

  private async call(token: string, data: Uint8Array, sequence: bigint): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.calls.write({ ...this.ids, inputToken: token, data, sequence });
        return;
      } catch (error) {
        const again = error instanceof ConnectError && RETRYABLE.has(error.code) && attempt < ATTEMPTS && token === this.token;
        if (!again) throw error;
        await this.pause(Math.min(100 * 2 ** attempt, 3000));
      }
    }
  }

  private take(): Uint8Array {
    const parts: Uint8Array[] = [];
    let size = 0;
    while (this.queue[0] && size + this.queue[0].length <= CALL_BYTES) {
      const part = this.queue.shift() as Uint8Array;
      parts.push(part);
      size += part.length;
    }
    if (parts.length === 0 && this.queue[0]) {
      parts.push(this.queue[0].slice(0, CALL_BYTES));
      this.queue[0] = this.queue[0].slice(CALL_BYTES);
      size = CALL_BYTES;
    }
    this.queued -= size;
    const data = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      data.set(part, at);
      at += part.length;
    }
    return data;
  }

  private drop(): void {
    this.queue = [];
    this.queued = 0;
  }
}
