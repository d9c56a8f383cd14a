/* The keys of a vault, and its names, as rclone's crypt has them: rclone.org/crypt. */

import { hmac } from "@noble/hashes/hmac.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { Eme } from "./eme";

/** What rclone salts with when there is no second password. */
const DEFAULT_SALT = Uint8Array.of(
  ...[0xa8, 0x0d, 0xf4, 0x3a, 0x8f, 0xbd, 0x03, 0x08, 0xa7, 0xca, 0xb8, 0x3e, 0x58, 0x1f, 0x86, 0xb1],
);
const COST = { N: 16384, r: 8, p: 1, dkLen: 80 };
const BLOCK_BYTES = 16;
const DIGITS = "0123456789abcdefghijklmnopqrstuv";
/** What no file system takes for one name: such a name would come back as something else. */
const NO_NAMES = new Set(["", ".", ".."]);
export const MOST_NAME_BYTES = 255;

export interface Keys {
  data: Uint8Array;
  names: Eme;
  /** Tells whether a passphrase is the vault's, without telling it: 64 hexadecimal digits. */
  check: string;
}

export async function keysOf(passphrase: string, second: string): Promise<Keys> {
  const text = new TextEncoder();
  const salt = second ? text.encode(second) : DEFAULT_SALT;
  const all = await scryptAsync(text.encode(passphrase), salt, COST);
  const data = all.slice(0, 32);
  const check = hmac(sha256, data, text.encode("synfonium vault check"));
  return {
    data,
    names: new Eme(all.slice(32, 64), all.slice(64, 80)),
    check: [...check].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  };
}

/** The name as it is kept. Throws RangeError for one that is too long, or none. */
export function sealName(names: Eme, name: string): string {
  if (NO_NAMES.has(name) || name.includes("/") || name.includes("\0")) throw new RangeError("no name");
  const plain = new TextEncoder().encode(name);
  const missing = BLOCK_BYTES - (plain.length % BLOCK_BYTES);
  const padded = new Uint8Array(plain.length + missing).fill(missing);
  padded.set(plain);
  const sealed = base32(names.encrypt(padded));
  if (sealed.length > MOST_NAME_BYTES) throw new RangeError("too long");
  return sealed;
}

/** The name that was sealed; null for what is not of this vault. */
export function openName(names: Eme, sealed: string): string | null {
  const bytes = unbase32(sealed);
  if (!bytes || bytes.length === 0 || bytes.length % BLOCK_BYTES) return null;
  const padded = names.decrypt(bytes);
  const missing = padded[padded.length - 1] ?? 0;
  if (missing < 1 || missing > BLOCK_BYTES) return null;
  if (padded.subarray(padded.length - missing).some((byte) => byte !== missing)) return null;
  try {
    const name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      padded.subarray(0, padded.length - missing),
    );
    return NO_NAMES.has(name) || name.includes("/") ? null : name;
  } catch {
    return null;
  }
}

/** RFC 4648, the alphabet that keeps the order of bytes, in small letters without padding. */
function base32(bytes: Uint8Array): string {
  let text = "";
  let waiting = 0;
  let bits = 0;
  for (const byte of bytes) {
    waiting = ((waiting << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; ) {
      bits -= 5;
      text += DIGITS[(waiting >> bits) & 31];
    }
  }
  return bits ? text + DIGITS[(waiting << (5 - bits)) & 31] : text;
}

function unbase32(text: string): Uint8Array | null {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let waiting = 0;
  let bits = 0;
  let at = 0;
  for (const letter of text.toLowerCase()) {
    const digit = DIGITS.indexOf(letter);
    if (digit < 0) return null;
    waiting = ((waiting << 5) | digit) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (waiting >> bits) & 0xff;
    }
  }
  return bytes;
}
