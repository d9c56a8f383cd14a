/* Sending a large file so that a lost connection costs nothing: tus 1.0 (`/drive/tus`). */

import { problemText } from "./ask";
import type { Item } from "./drop";
import type { Tray } from "./tray";

/** Files of more bytes than this go so; below it, sending again costs less than asking. */
export const LARGE_BYTES = 8 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024 * 1024;
const LONGEST_WAIT_MS = 30_000;
/** How often in a row nothing arrives before it is given up. */
const ATTEMPTS = 20;
const VERSION = { "Tus-Resumable": "1.0.0" };
const DONE = new Set([200, 201, 204]);

interface Outcome {
  status: number;
  problem: string;
  offset: number;
}

/** Sends one file; how it went stands in the tray. What was begun before a reload goes on. */
export async function sendLarge(item: Item, tray: Tray): Promise<void> {
  const sending = new Sending(item, tray);
  await sending.run();
}

class Sending {
  private readonly key: string;
  private place = "";
  private request: XMLHttpRequest | undefined;
  private stopped = false;
  private wake: () => void = () => {};

  constructor(
    private readonly item: Item,
    private readonly tray: Tray,
  ) {
    const { file, folder, path } = item;
    this.key = `drive.tus ${JSON.stringify([folder, path, file.name, file.size, file.lastModified])}`;
  }

  async run(): Promise<void> {
    this.tray.onStop(this.item, () => this.stop());
    let offset = await this.known();
    for (let failures = 0; failures < ATTEMPTS && !this.stopped; ) {
      const outcome = this.place ? await this.piece(offset) : await this.begin();
      if (this.stopped) break;
      if (DONE.has(outcome.status)) {
        failures = 0;
        offset = outcome.offset;
        if (offset >= this.item.file.size) return this.finish();
        continue;
      }
      if (isRefused(outcome.status)) return this.fail(outcome.problem);
      failures += 1;
      this.tray.waiting(this.item);
      await this.pause(failures);
      if (this.place) offset = await this.asked(offset);
    }
    if (!this.stopped) this.fail("");
  }

  /** Where an upload that was begun before stands; 0 for a new one. */
  private async known(): Promise<number> {
    this.place = localStorage.getItem(this.key) ?? "";
    return this.place ? this.asked(0) : 0;
  }

  /** How much has arrived; what is gone is begun anew. */
  private async asked(before: number): Promise<number> {
    const outcome = await this.send("HEAD", this.place, VERSION);
    if (outcome.status === 200) return outcome.offset;
    if (outcome.status !== 404 && outcome.status !== 410) return before;
    this.forget();
    return 0;
  }

  private async begin(): Promise<Outcome> {
    const { file, folder, path } = this.item;
    const words = { filename: file.name, folder, path, modified: String(file.lastModified) };
    const meant = Object.entries(words).map(([name, value]) => `${name} ${base64(value)}`);
    const headers = { ...VERSION, "Upload-Length": String(file.size), "Upload-Metadata": meant.join(",") };
    const outcome = await this.send("POST", "/drive/tus", headers);
    this.place = outcome.status === 201 ? (this.request?.getResponseHeader("Location") ?? "") : "";
    if (this.place) localStorage.setItem(this.key, this.place);
    return outcome;
  }

  private piece(offset: number): Promise<Outcome> {
    const headers = {
      ...VERSION,
      "Upload-Offset": String(offset),
      "Content-Type": "application/offset+octet-stream",
    };
    const piece = this.item.file.slice(offset, offset + PIECE_BYTES);
    return this.send("PATCH", this.place, headers, piece, offset);
  }

  private send(
    method: string,
    place: string,
    headers: Record<string, string>,
    body?: Blob,
    offset = 0,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open(method, place);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.setRequestHeader("accept", "application/json");
      request.upload.onprogress = (event) => this.tray.progress(this.item, offset + event.loaded);
      request.onloadend = () => resolve(outcomeOf(request));
      request.send(body);
    });
  }

  private pause(failures: number): Promise<void> {
    const wait_ms = Math.min(LONGEST_WAIT_MS, 500 * 2 ** failures);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait_ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
      window.addEventListener("online", this.wake, { once: true });
    });
  }

  private stop(): void {
    this.stopped = true;
    this.request?.abort();
    this.wake();
    if (this.place) void fetch(this.place, { method: "DELETE", headers: VERSION });
    this.forget();
    this.tray.stopped(this.item);
  }

  private finish(): void {
    this.forget();
    this.tray.done(this.item);
  }

  private fail(problem: string): void {
    if (problem) this.forget();
    this.tray.failed(this.item, problem);
  }

  private forget(): void {
    localStorage.removeItem(this.key);
    this.place = "";
  }
}

function outcomeOf(request: XMLHttpRequest): Outcome {
  const offset = Number(request.getResponseHeader("Upload-Offset") ?? 0);
  return { status: request.status, problem: said(request.responseText), offset };
}

/** Whether asking again changes nothing. 409: the offset is asked for; 423 and 429 pass. */
function isRefused(status: number): boolean {
  return (
    (status >= 400 && status < 500 && ![404, 408, 409, 410, 423, 429].includes(status)) || status === 507
  );
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

function said(text: string): string {
  try {
    return problemText(JSON.parse(text));
  } catch {
    return "";
  }
}
