// Keyboard and pointer of the person, to the PC.
import { isByAltGraph, keysymOf } from "./keys";
import * as wire from "./wire";

type Send = (message: ArrayBuffer | Uint8Array<ArrayBuffer>) => void;

const WHEEL_STEP_PIXELS = 80;
const LINE_PIXELS = 40;
const MAX_STEPS = 20;
// From the numbers of the DOM to those of X.
const BUTTONS = [1, 2, 3, 8, 9];

/** Sends keys typed into `field`; Ctrl + Alt + Enter calls `leave` instead. */
export class Keyboard {
  // What each physical key began as: it ends as the same, whatever modifiers changed meanwhile.
  readonly #held = new Map<string, number>();

  constructor(
    private readonly field: HTMLTextAreaElement,
    private readonly send: Send,
    private readonly leave: () => void,
  ) {
    field.addEventListener("keydown", (event) => this.#down(event));
    field.addEventListener("keyup", (event) => this.#up(event));
    field.addEventListener("input", (event) => this.#typed(event as InputEvent));
    field.addEventListener("compositionend", (event) => this.#composed(event.data));
    field.addEventListener("blur", () => this.release());
  }

  focus(): void {
    this.field.focus({ preventScroll: true });
  }

  release(): void {
    this.#held.clear();
    this.send(wire.release());
  }

  #down(event: KeyboardEvent): void {
    if (event.ctrlKey && event.altKey && event.key === "Enter") {
      event.preventDefault();
      this.release();
      this.leave();
      return;
    }
    // Dead keys and input methods are the browser's work; their result comes as text.
    if (event.isComposing || event.key === "Dead" || event.key === "Process") return;
    if (isByAltGraph(event)) {
      event.preventDefault();
      this.send(wire.text(event.key));
      return;
    }
    const keysym = keysymOf(event);
    if (!keysym) return;
    event.preventDefault();
    const before = this.#held.get(event.code);
    if (before !== undefined && before !== keysym) this.send(wire.key(before, false, false));
    this.#held.set(event.code, keysym);
    this.send(wire.key(keysym, true, event.repeat));
  }

  #up(event: KeyboardEvent): void {
    const keysym = this.#held.get(event.code);
    if (keysym === undefined) return;
    event.preventDefault();
    this.#held.delete(event.code);
    this.send(wire.key(keysym, false, false));
  }

  #typed(event: InputEvent): void {
    if (event.isComposing) return;
    if (event.inputType === "insertText" && event.data) this.send(wire.text(event.data));
    this.field.value = "";
  }

  #composed(text: string): void {
    if (text) this.send(wire.text(text));
    this.field.value = "";
  }
}

/** Sends the pointer over `canvas`, in pixels of the PC's screen. */
export class Pointer {
  #across = 0;
  #down = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly send: Send,
    focus: () => void,
  ) {
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      focus();
      canvas.setPointerCapture(event.pointerId);
      this.#press(event, true);
    });
    canvas.addEventListener("pointerup", (event) => this.#press(event, false));
    canvas.addEventListener("pointercancel", (event) => this.#press(event, false));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #move(event: PointerEvent): void {
    const box = this.canvas.getBoundingClientRect();
    const { width, height } = this.canvas;
    // `object-fit: contain` leaves bars on two sides.
    const scale = Math.min(box.width / width, box.height / height);
    const x = (event.clientX - box.left - (box.width - width * scale) / 2) / scale;
    const y = (event.clientY - box.top - (box.height - height * scale) / 2) / scale;
    this.send(wire.pointer(within(x, width), within(y, height)));
  }

  #press(event: PointerEvent, pressed: boolean): void {
    this.#move(event);
    this.send(wire.button(BUTTONS[Math.max(0, event.button)] ?? 1, pressed));
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PIXELS : 1;
    this.#across += (event.deltaX * unit) / WHEEL_STEP_PIXELS;
    this.#down += (event.deltaY * unit) / WHEEL_STEP_PIXELS;
    const across = steps(this.#across);
    const down = steps(this.#down);
    this.#across -= across;
    this.#down -= down;
    if (across || down) this.send(wire.wheel(across, down));
  }
}

function within(value: number, size: number): number {
  return Math.max(0, Math.min(size - 1, Math.round(value)));
}

function steps(amount: number): number {
  return Math.max(-MAX_STEPS, Math.min(MAX_STEPS, Math.trunc(amount)));
}
