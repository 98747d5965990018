/** What a reducer gives back: the next state, and the keys of what changed in it. */
export interface Reduced<S> {
  state: S;
  touched: readonly string[];
}

interface Pace {
  last: number;
  timer: ReturnType<typeof setTimeout> | null;
}

/**
 * A state with listeners by key. The state changes at once; the views of a key hear of its first change at once and
 * then at most every `paceMs`, of the last one always. A component that listens to one key renders for that key only.
 */
export class KeyedStore<S> {
  private listeners = new Map<string, Set<() => void>>();
  private paces = new Map<string, Pace>();
  private versions = new Map<string, number>();

  constructor(
    private current: S,
    private readonly paceMs = 100,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get state(): S {
    return this.current;
  }

  dispatch(reduce: (state: S) => Reduced<S>): void {
    const { state, touched } = reduce(this.current);
    if (state === this.current && touched.length === 0) return;
    this.current = state;
    for (const key of new Set(touched)) this.announce(key);
  }

  /** How often the views of a key were told: what a view of a derived value renders for. */
  version(key: string): number {
    return this.versions.get(key) ?? 0;
  }

  subscribe(key: string, listener: () => void): () => void {
    const set = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.listeners.get(key) === set) this.forget(key);
    };
  }

  private forget(key: string): void {
    this.listeners.delete(key);
    const pace = this.paces.get(key);
    if (pace?.timer) clearTimeout(pace.timer);
    this.paces.delete(key);
  }

  private announce(key: string): void {
    if (!this.listeners.has(key)) return;
    const pace = this.paces.get(key) ?? { last: -Infinity, timer: null };
    this.paces.set(key, pace);
    if (pace.timer) return;
    const wait = pace.last + this.paceMs - this.now();
    if (wait <= 0) this.tell(key, pace);
    else pace.timer = setTimeout(() => this.tell(key, pace), wait);
  }

  private tell(key: string, pace: Pace): void {
    pace.timer = null;
    pace.last = this.now();
    this.versions.set(key, this.version(key) + 1);
    for (const listener of [...(this.listeners.get(key) ?? [])]) {
      try {
        listener();
      } catch (error) {
        console.error("a view's listener failed", error);
      }
    }
  }
}
