/* Where the keys of an open vault are, and all work with them is done: it ends when the vault is shut, and
   the keys with it. */

import { Damaged, freshNonce, openStream, sealedSize, sealRange } from "./content";
import { type Keys, keysOf, openName, sealName } from "./keys";
import type { Answer, Ask, Asked } from "./words";

const PIECE_BYTES = 1024 * 1024;

interface Sealing {
  file: Blob;
  nonce: Uint8Array;
}

let keys: Keys | undefined;
let handles = 0;
const sealing = new Map<number, Sealing>();
const opening = new Map<number, AsyncGenerator<Uint8Array<ArrayBuffer>>>();

function held(): Keys {
  if (!keys) throw new Error("shut");
  return keys;
}

async function answer(ask: Ask): Promise<Answer> {
  switch (ask.act) {
    case "unlock":
      keys = await keysOf(ask.passphrase, ask.second);
      return keys.check;
    case "seal":
      return ask.names.map((name) => sealed(name));
    case "open":
      return ask.names.map((name) => openName(held().names, name));
    case "begin":
      sealing.set(++handles, { file: ask.file, nonce: freshNonce() });
      return { handle: handles, size: sealedSize(ask.file.size) };
    case "piece":
      return piece(ask.handle, ask.from, ask.to);
    case "fetch":
      return begin(ask.url, ask.stored);
    case "next":
      return next(ask.handle);
    case "end":
      sealing.delete(ask.handle);
      await opening.get(ask.handle)?.return(undefined);
      opening.delete(ask.handle);
      return null;
  }
}

function sealed(name: string): string | null {
  try {
    return sealName(held().names, name);
  } catch (fault) {
    if (fault instanceof RangeError) return null;
    throw fault;
  }
}

async function piece(handle: number, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  const one = sealing.get(handle);
  if (!one) throw new Error("over");
  return sealRange(held().data, one.nonce, one.file, from, to);
}

async function begin(url: string, stored: number): Promise<Answer> {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new Error(`${response.status}`);
  opening.set(++handles, openStream(held().data, response.body, stored));
  return { handle: handles, size: 0 };
}

/** The next plain bytes, about a MiB; null at the end. */
async function next(handle: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const stream = opening.get(handle);
  if (!stream) throw new Error("over");
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let bytes = 0; bytes < PIECE_BYTES; ) {
    const { value, done } = await stream.next();
    if (done) break;
    pieces.push(value);
    bytes += value.length;
  }
  if (pieces.length === 0) return null;
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

self.addEventListener("message", async (event: MessageEvent<Asked>) => {
  const { number, ask } = event.data;
  try {
    const said = await answer(ask);
    const transfer =
      said instanceof Uint8Array && said.byteLength === said.buffer.byteLength ? [said.buffer] : [];
    self.postMessage({ number, said }, { transfer });
  } catch (fault) {
    const wrong = fault instanceof Damaged ? "damaged" : fault instanceof Error ? fault.message : "";
    self.postMessage({ number, wrong });
  }
});
