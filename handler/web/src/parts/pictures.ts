import type { Api } from '../api/client';

/** How many small pictures are kept, and how many are asked for at once. */
const kept = 600;
const atOnce = 8;

interface Waiting {
  key: string;
  path: string;
  abort: AbortController;
  done: (url: string) => void;
  fail: (problem: unknown) => void;
}

/**
 * Small pictures that come through the API, in the order in which they were asked for; who looks elsewhere takes the
 * wish back. The last ones that were shown are kept.
 */
export class Pictures {
  private readonly urls = new Map<string, string>();
  private readonly queue: Waiting[] = [];
  private running = 0;

  constructor(private readonly api: Api) {}

  /** The address of a picture that is here already. */
  known(key: string): string | undefined {
    const url = this.urls.get(key);
    if (url) {
      // the most recent one is the last
      this.urls.delete(key);
      this.urls.set(key, url);
    }
    return url;
  }

  /** Gets a picture; the signal takes the wish back. */
  get(key: string, path: string, signal: AbortSignal): Promise<string> {
    const known = this.known(key);
    if (known) return Promise.resolve(known);
    return new Promise((done, fail) => {
      const one: Waiting = { key, path, abort: new AbortController(), done, fail };
      signal.addEventListener('abort', () => {
        const at = this.queue.indexOf(one);
        if (at >= 0) this.queue.splice(at, 1);
        one.abort.abort();
      });
      this.queue.push(one);
      this.next();
    });
  }

  private next(): void {
    while (this.running < atOnce) {
      const one = this.queue.shift();
      if (!one) return;
      this.running++;
      this.api
        .picture(one.path, { signal: one.abort.signal })
        .then((url) => this.keep(one.key, url))
        .then(one.done, one.fail)
        .finally(() => {
          this.running--;
          this.next();
        });
    }
  }

  private keep(key: string, url: string): string {
    this.urls.set(key, url);
    if (this.urls.size > kept) {
      const [oldest, gone] = this.urls.entries().next().value!;
      this.urls.delete(oldest);
      URL.revokeObjectURL(gone);
    }
    return url;
  }
}
