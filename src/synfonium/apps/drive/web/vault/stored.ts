/* The server's side of a vault: it sees sealed names and sealed bytes, and nothing else is told to it. */

import type { Lock } from "./lock";

export interface Stored {
  id: string;
  name: string;
  is_file: boolean;
  size_bytes: number;
  modified_s: number;
}

/** A file or folder under its own name. */
export interface Entry extends Stored {
  title: string;
}

/** What the server refused, in its words; empty when it was not reached. */
export class Refused extends Error {}

const PIECE_BYTES = 4 * 1024 * 1024;
const MOST_ENTRIES = 50_000;
const ATTEMPTS = 8;
const LONGEST_WAIT_MS = 15_000;
const VERSION = { "Tus-Resumable": "1.0.0" };

export function contentUrl(id: string): string {
  return `/drive/sealed/${id}`;
}

export async function entriesOf(folder: string): Promise<Stored[]> {
  const found: Stored[] = [];
  let after = "";
  do {
    const response = await reached(fetch(`/drive/vaults/${folder}/entries?after=${after}`, asJson()));
    const page = (await response.json()) as { entries: Stored[]; more: string };
    found.push(...page.entries);
    after = page.more;
  } while (after && found.length < MOST_ENTRIES);
  return found;
}

/** Sends a form; these answer by leading elsewhere. Throws Refused. */
export async function send(url: string, fields: Record<string, string>): Promise<Response> {
  const body = new URLSearchParams(fields);
  return reached(fetch(url, { ...asJson(), method: "POST", body, redirect: "manual" }));
}

function asJson(): RequestInit {
  return { headers: { accept: "application/json" } };
}

async function reached(asked: Promise<Response>): Promise<Response> {
  const response = await asked.catch(() => undefined);
  if (!response) throw new Refused("");
  if (response.ok || response.type === "opaqueredirect") return response;
  throw new Refused(await problemText(response));
}

async function problemText(response: Response): Promise<string> {
  try {
    const { title = "", detail = "" } = (await response.json()) as { title?: string; detail?: string };
    return `${title} ${detail}`.trim();
  } catch {
    return `${response.status}`;
  }
}

/** Seals a file and sends it; goes on after a lost connection. Throws Refused.
    name: sealed. told: how much of 1 has arrived. */
export async function upload(
  lock: Lock,
  file: File,
  folder: string,
  name: string,
  told: (part: number) => void,
): Promise<void> {
  const { handle, size } = await lock.begin(file);
  try {
    const place = await begun(file, folder, name, size);
    let offset = 0;
    for (let failures = 0; offset < size; told(offset / size)) {
      const piece = await lock.piece(handle, offset, Math.min(size, offset + PIECE_BYTES));
      const response = await fetch(place, {
        method: "PATCH",
        headers: {
          ...VERSION,
          "Upload-Offset": `${offset}`,
          "Content-Type": "application/offset+octet-stream",
        },
        body: piece,
      }).catch(() => undefined);
      if (response?.ok) {
        failures = 0;
        offset = Number(response.headers.get("Upload-Offset"));
        continue;
      }
      if (response && isRefused(response.status)) throw new Refused(await problemText(response));
      if (++failures > ATTEMPTS) throw new Refused("");
      await new Promise((resolve) => setTimeout(resolve, Math.min(LONGEST_WAIT_MS, 500 * 2 ** failures)));
      offset = await arrived(place, offset);
    }
  } finally {
    lock.end(handle);
  }
}

async function begun(file: File, folder: string, name: string, size: number): Promise<string> {
  const words = { filename: name, folder, modified: String(file.lastModified) };
  const said = Object.entries(words).map(([key, value]) => `${key} ${btoa(value)}`);
  const headers = { ...VERSION, "Upload-Length": `${size}`, "Upload-Metadata": said.join(",") };
  const response = await reached(fetch("/drive/tus", { method: "POST", headers }));
  return response.headers.get("Location") ?? "";
}

/** How much has arrived; `before` when nobody says. */
async function arrived(place: string, before: number): Promise<number> {
  const response = await fetch(place, { method: "HEAD", headers: VERSION }).catch(() => undefined);
  if (!response) return before;
  if (!response.ok) throw new Refused(`${response.status}`);
  return Number(response.headers.get("Upload-Offset"));
}

/** Whether asking again changes nothing. 409: the offset is asked for; 423 and 429 pass. */
function isRefused(status: number): boolean {
  return (status >= 400 && status < 500 && ![408, 409, 423, 429].includes(status)) || status === 507;
}
