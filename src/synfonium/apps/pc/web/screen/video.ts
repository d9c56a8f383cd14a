// The picture: one H.264 decoder for each stripe, drawn where it belongs.
import type { Stripe } from "./wire";

const NAL_SPS = 7;
const NAL_IDR = 5;
const MAX_WAITING = 90;

/** The types of the units in an Annex B access unit, with where each begins. */
function* units(data: Uint8Array): Generator<[type: number, start: number]> {
  for (let i = 0; i + 3 < data.length; i++) {
    if (data[i] === 0 && data[i + 1] === 0 && data[i + 2] === 1) {
      yield [(data[i + 3] ?? 0) & 31, i + 3];
      // A slice is the last thing of interest, and long.
      if (((data[i + 3] ?? 0) & 31) <= NAL_IDR) return;
    }
  }
}

function hex(byte: number | undefined): string {
  return (byte ?? 0).toString(16).padStart(2, "0");
}

/** The codec string (RFC 6381) from the sequence parameters, or "" when there are none. */
function codecOf(data: Uint8Array): string {
  for (const [type, start] of units(data)) {
    if (type === NAL_SPS) return `avc1.${hex(data[start + 1])}${hex(data[start + 2])}${hex(data[start + 3])}`;
  }
  return "";
}

class StripeDecoder {
  #decoder: VideoDecoder | undefined;
  #codec = "";

  constructor(
    private readonly draw: (picture: VideoFrame) => void,
    private readonly fail: () => void,
  ) {}

  decode(stripe: Stripe): void {
    const codec = codecOf(stripe.data);
    if (codec) this.#configure(codec, stripe);
    // Before its first whole picture a stripe has nothing to stand on.
    if (this.#decoder?.state !== "configured") return;
    if (this.#decoder.decodeQueueSize > MAX_WAITING) {
      this.fail();
      return;
    }
    this.#decoder.decode(
      new EncodedVideoChunk({ type: codec ? "key" : "delta", timestamp: stripe.frame, data: stripe.data }),
    );
  }

  close(): void {
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
  }

  #configure(codec: string, stripe: Stripe): void {
    const wanted = `${codec} ${stripe.width}x${stripe.height}`;
    if (this.#codec === wanted && this.#decoder?.state === "configured") return;
    this.close();
    this.#codec = wanted;
    this.#decoder = new VideoDecoder({ output: this.draw, error: this.fail });
    this.#decoder.configure({
      codec,
      codedWidth: stripe.width,
      codedHeight: stripe.height,
      optimizeForLatency: true,
    });
  }
}

/** Draws stripes on a canvas; `drawn` hears of each frame, `fail` of a stream that broke. */
export class Picture {
  readonly #context: CanvasRenderingContext2D | null;
  readonly #decoders = new Map<number, StripeDecoder>();

  constructor(
    canvas: HTMLCanvasElement,
    private readonly drawn: (frame: number) => void,
    private readonly fail: () => void,
  ) {
    this.#context = canvas.getContext("2d", { alpha: false, desynchronized: true });
  }

  show(stripe: Stripe): void {
    let decoder = this.#decoders.get(stripe.y);
    if (!decoder) {
      decoder = new StripeDecoder((picture) => this.#draw(picture, stripe.y), this.fail);
      this.#decoders.set(stripe.y, decoder);
    }
    decoder.decode(stripe);
  }

  close(): void {
    for (const decoder of this.#decoders.values()) decoder.close();
    this.#decoders.clear();
  }

  #draw(picture: VideoFrame, y: number): void {
    this.#context?.drawImage(picture, 0, y);
    this.drawn(picture.timestamp);
    picture.close();
  }
}
