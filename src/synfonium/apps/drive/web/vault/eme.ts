/* EME, the wide-block mode of Halevi and Rogaway ("A parallelizable enciphering mode", 2003), over
   AES-256: equal names give equal names and no byte of one can be changed without changing all. As
   github.com/rfjakob/eme has it, which rclone uses. */

import { ecb } from "@noble/ciphers/aes.js";

const BLOCK_BYTES = 16;
const MOST_BLOCKS = 128;

export class Eme {
  private readonly masks: Uint8Array[] = [];
  private next: Uint8Array;

  /** key: 32 bytes; tweak: 16. */
  constructor(
    private readonly key: Uint8Array,
    private readonly tweak: Uint8Array,
  ) {
    this.next = doubled(this.cipher(new Uint8Array(BLOCK_BYTES), true));
  }

  encrypt(text: Uint8Array): Uint8Array {
    return this.transform(text, true);
  }

  decrypt(text: Uint8Array): Uint8Array {
    return this.transform(text, false);
  }

  /** text: 1 to 128 whole blocks. Throws RangeError for anything else. */
  private transform(text: Uint8Array, isEncrypting: boolean): Uint8Array {
    const blocks = text.length / BLOCK_BYTES;
    if (!Number.isInteger(blocks) || blocks < 1 || blocks > MOST_BLOCKS)
      throw new RangeError("not of blocks");
    const masked = new Uint8Array(text);
    this.each(blocks, (at, mask) => xorInto(masked, at, mask));
    const inner = this.cipher(masked, isEncrypting);
    const sum = new Uint8Array(this.tweak);
    for (let at = 0; at < inner.length; at += BLOCK_BYTES) xorInto(sum, 0, blockOf(inner, at));
    const mixed = this.cipher(sum, isEncrypting);
    let mask = xored(sum, mixed);
    const first = xored(mixed, this.tweak);
    for (let at = BLOCK_BYTES; at < inner.length; at += BLOCK_BYTES) {
      mask = doubled(mask);
      xorInto(inner, at, mask);
      xorInto(first, 0, blockOf(inner, at));
    }
    inner.set(first, 0);
    const result = this.cipher(inner, isEncrypting);
    this.each(blocks, (at, mask) => xorInto(result, at, mask));
    return result;
  }

  private each(blocks: number, act: (at: number, mask: Uint8Array) => void): void {
    for (let index = 0; index < blocks; index++) {
      let mask = this.masks[index];
      if (!mask) {
        mask = this.next;
        this.masks.push(mask);
        this.next = doubled(mask);
      }
      act(index * BLOCK_BYTES, mask);
    }
  }

  private cipher(blocks: Uint8Array, isEncrypting: boolean): Uint8Array {
    const mode = ecb(this.key, { disablePadding: true });
    return isEncrypting ? mode.encrypt(blocks) : mode.decrypt(blocks);
  }
}

/** Times x in GF(2^128), the first byte the lowest. */
function doubled(block: Uint8Array): Uint8Array {
  const result = new Uint8Array(BLOCK_BYTES);
  let carry = 0;
  for (let at = 0; at < BLOCK_BYTES; at++) {
    const byte = block[at] ?? 0;
    result[at] = ((byte << 1) | carry) & 0xff;
    carry = byte >> 7;
  }
  result[0] = (result[0] ?? 0) ^ (carry * 0x87);
  return result;
}

function blockOf(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.subarray(at, at + BLOCK_BYTES);
}

function xorInto(bytes: Uint8Array, at: number, other: Uint8Array): void {
  for (let i = 0; i < BLOCK_BYTES; i++) bytes[at + i] = (bytes[at + i] ?? 0) ^ (other[i] ?? 0);
}

function xored(one: Uint8Array, other: Uint8Array): Uint8Array {
  const result = new Uint8Array(one);
  xorInto(result, 0, other);
  return result;
}
