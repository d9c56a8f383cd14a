/* The page's side of the worker that holds a vault's keys. */

import type { Answer, Ask, Handle, Told } from "./words";

interface Waiter {
  resolve: (answer: Answer) => void;
  reject: (fault: Error) => void;
}

export class Lock {
  private readonly worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  private readonly waiting = new Map<number, Waiter>();
  private count = 0;

  constructor() {
    this.worker.addEventListener("message", (event: MessageEvent<Told>) => this.take(event.data));
    this.worker.addEventListener("error", () => this.shut());
  }

  /** What tells this passphrase from others. */
  async unlock(passphrase: string, second: string): Promise<string> {
    return (await this.ask({ act: "unlock", passphrase, second })) as string;
  }

  /** null for a name that is too long to be kept. */
  async seal(name: string): Promise<string | null> {
    return ((await this.ask({ act: "seal", names: [name] })) as (string | null)[])[0] ?? null;
  }

  /** null for what is not of this vault. */
  async open(names: string[]): Promise<(string | null)[]> {
    return (await this.ask({ act: "open", names })) as (string | null)[];
  }

  /** A file that will be sealed piece by piece; how many bytes it makes. */
  async begin(file: Blob): Promise<Handle> {
    return (await this.ask({ act: "begin", file })) as Handle;
  }

  async piece(handle: number, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.ask({ act: "piece", handle, from, to })) as Uint8Array<ArrayBuffer>;
  }

  /** The plain bytes of a stored file, verified. Throws an Error that says "damaged". */
  async *read(url: string, stored: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { handle } = (await this.ask({ act: "fetch", url, stored })) as Handle;
    try {
      for (;;) {
        const piece = (await this.ask({ act: "next", handle })) as Uint8Array<ArrayBuffer> | null;
        if (!piece) return;
        yield piece;
      }
    } finally {
      this.end(handle);
    }
  }

  end(handle: number): void {
    void this.ask({ act: "end", handle }).catch(() => undefined);
  }

  /** Nothing of the keys remains. */
  shut(): void {
    this.worker.terminate();
    for (const waiter of this.waiting.values()) waiter.reject(new Error("shut"));
    this.waiting.clear();
  }

  private ask(ask: Ask): Promise<Answer> {
    const number = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { resolve, reject });
      this.worker.postMessage({ number, ask });
    });
  }

  private take(told: Told): void {
    const waiter = this.waiting.get(told.number);
    this.waiting.delete(told.number);
    if (told.said === undefined) waiter?.reject(new Error(told.wrong ?? ""));
    else waiter?.resolve(told.said);
  }
}
