/* The content of a vault's files, as rclone's crypt has it: a header with a nonce, then chunks of
   64 KiB, each sealed by itself (NaCl secretbox) under the next nonce. */

import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js";

const MAGIC = new TextEncoder().encode("RCLONE\0\0");
const NONCE_BYTES = 24;
const TAG_BYTES = 16;
export const HEADER_BYTES = MAGIC.length + NONCE_BYTES;
export const CHUNK_BYTES = 64 * 1024;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

/** The bytes are not what was written: changed, cut off, or of another vault. */
export class Damaged extends Error {}

export function sealedSize(size: number): number {
  return HEADER_BYTES + size + Math.ceil(size / CHUNK_BYTES) * TAG_BYTES;
}

/** How many bytes a stored file holds. Throws Damaged for a length that no file can have. */
export function openedSize(stored: number): number {
  const body = stored - HEADER_BYTES;
  const rest = body % SEALED_CHUNK_BYTES;
  if (body < 0 || (rest > 0 && rest <= TAG_BYTES)) throw new Damaged("length");
  return body - Math.ceil(body / SEALED_CHUNK_BYTES) * TAG_BYTES;
}

/** The sealed bytes from `from` to `to` of a file whose nonce is given: asked for again, they are the same,
    so that an upload can go on after a lost connection. */
export async function sealRange(
  key: Uint8Array,
  nonce: Uint8Array,
  file: Blob,
  from: number,
  to: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const first = Math.max(0, Math.floor((from - HEADER_BYTES) / SEALED_CHUNK_BYTES));
  const last = Math.max(first, Math.ceil((to - HEADER_BYTES) / SEALED_CHUNK_BYTES));
  const bytes = new Uint8Array(await file.slice(first * CHUNK_BYTES, last * CHUNK_BYTES).arrayBuffer());
  const isStart = from < HEADER_BYTES;
  const start = isStart ? 0 : HEADER_BYTES + first * SEALED_CHUNK_BYTES;
  const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
  const sealed = new Uint8Array((isStart ? HEADER_BYTES : 0) + bytes.length + chunks * TAG_BYTES);
  let at = 0;
  if (isStart) {
    sealed.set(MAGIC);
    sealed.set(nonce, MAGIC.length);
    at = HEADER_BYTES;
  }
  for (let index = 0; index < chunks; index++) {
    const plain = bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
    const chunk = xsalsa20poly1305(key, nonceAt(nonce, first + index)).encrypt(plain);
    sealed.set(chunk, at);
    at += chunk.length;
  }
  return sealed.subarray(from - start, to - start);
}

export function freshNonce(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
}

/** The plain pieces of a stored file, each verified before it is given out. stored: how many bytes there
    must be. Throws Damaged. */
export async function* openStream(
  key: Uint8Array,
  body: ReadableStream<Uint8Array>,
  stored: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  openedSize(stored);
  const reader = body.getReader();
  const waiting = new Waiting();
  let nonce: Uint8Array | undefined;
  let index = 0;
  let seen = 0;
  try {
    for (let isOver = false; !isOver; ) {
      const { value, done } = await reader.read();
      isOver = done;
      seen += value?.length ?? 0;
      if (seen > stored || (isOver && seen !== stored)) throw new Damaged("length");
      if (value) waiting.add(value);
      if (!nonce && waiting.bytes >= HEADER_BYTES) nonce = nonceOf(waiting.take(HEADER_BYTES));
      while (nonce && (waiting.bytes >= SEALED_CHUNK_BYTES || (isOver && waiting.bytes > 0))) {
        const chunk = waiting.take(Math.min(waiting.bytes, SEALED_CHUNK_BYTES));
        yield opened(key, nonceAt(nonce, index++), chunk);
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function opened(key: Uint8Array, nonce: Uint8Array, chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(xsalsa20poly1305(key, nonce).decrypt(chunk));
  } catch {
    throw new Damaged("chunk");
  }
}

function nonceOf(header: Uint8Array): Uint8Array {
  if (MAGIC.some((byte, at) => header[at] !== byte)) throw new Damaged("header");
  return header.slice(MAGIC.length);
}

/** The nonce of a chunk: the file's and its index, as one number whose first byte is the lowest. */
function nonceAt(nonce: Uint8Array, index: number): Uint8Array {
  const result = new Uint8Array(nonce);
  let carry = index;
  for (let at = 0; at < result.length && carry > 0; at++) {
    const sum = (result[at] ?? 0) + (carry % 256);
    result[at] = sum & 0xff;
    carry = Math.floor(carry / 256) + (sum >> 8);
  }
  return result;
}

/** Bytes that came in pieces of any size. */
class Waiting {
  private pieces: Uint8Array[] = [];
  bytes = 0;

  add(piece: Uint8Array): void {
    if (piece.length) this.pieces.push(piece);
    this.bytes += piece.length;
  }

  take(count: number): Uint8Array {
    const taken = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      const piece = this.pieces[0];
      if (!piece) throw new Damaged("length");
      const part = piece.subarray(0, count - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === piece.length) this.pieces.shift();
      else this.pieces[0] = piece.subarray(part.length);
    }
    this.bytes -= count;
    return taken;
  }
}
