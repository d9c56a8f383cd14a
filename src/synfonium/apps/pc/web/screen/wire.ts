// Messages of a PC's stream, as docs/decisions/0006-pc-stream.md says; numbers are big-endian.

const KEY = 1;
const TEXT = 2;
const POINTER = 3;
const BUTTON = 4;
const WHEEL = 5;
const PING = 6;
const ACKNOWLEDGE = 7;
const RELEASE = 8;
export const HELLO = 65;
export const STRIPE = 66;
export const PONG = 67;

const STRIPE_HEADER_BYTES = 13;
const MAX_TEXT_BYTES = 4000;

/** One encoded stripe: rows `y` to `y + height` of frame number `frame`. */
export interface Stripe {
  readonly frame: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

function message(size: number, kind: number, fill: (view: DataView) => void): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint8(0, kind);
  fill(view);
  return view.buffer as ArrayBuffer;
}

export function key(keysym: number, pressed: boolean, repeats: boolean): ArrayBuffer {
  return message(7, KEY, (view) => {
    view.setUint8(1, pressed ? 1 : 0);
    view.setUint32(2, keysym);
    view.setUint8(6, repeats ? 1 : 0);
  });
}

export function text(typed: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(typed).subarray(0, MAX_TEXT_BYTES);
  const whole = new Uint8Array(bytes.length + 1);
  whole[0] = TEXT;
  whole.set(bytes, 1);
  return whole;
}

export function pointer(x: number, y: number): ArrayBuffer {
  return message(5, POINTER, (view) => {
    view.setUint16(1, x);
    view.setUint16(3, y);
  });
}

export function button(number: number, pressed: boolean): ArrayBuffer {
  return message(3, BUTTON, (view) => {
    view.setUint8(1, number);
    view.setUint8(2, pressed ? 1 : 0);
  });
}

export function wheel(across: number, down: number): ArrayBuffer {
  return message(3, WHEEL, (view) => {
    view.setInt8(1, across);
    view.setInt8(2, down);
  });
}

export function ping(number: number): ArrayBuffer {
  return message(5, PING, (view) => view.setUint32(1, number));
}

export function acknowledge(frame: number): ArrayBuffer {
  return message(3, ACKNOWLEDGE, (view) => view.setUint16(1, frame));
}

export function release(): ArrayBuffer {
  return message(1, RELEASE, () => {});
}

/** Width and height of the screen. */
export function readHello(view: DataView): { width: number; height: number } {
  return { width: view.getUint16(1), height: view.getUint16(3) };
}

export function readPong(view: DataView): number {
  return view.getUint32(1);
}

/** A stripe as pixelflux frames it: tag, kind, frame, first row, width, height, reference. */
export function readStripe(buffer: ArrayBuffer): Stripe {
  const view = new DataView(buffer);
  return {
    frame: view.getUint16(3),
    y: view.getUint16(5),
    width: view.getUint16(7),
    height: view.getUint16(9),
    data: new Uint8Array(buffer, STRIPE_HEADER_BYTES),
  };
}
