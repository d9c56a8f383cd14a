// The streamed screen of a PC: a ticket, a WebSocket, the picture, and the person's input.
import { Keyboard, Pointer } from "./screen/input";
import { Picture } from "./screen/video";
import * as wire from "./screen/wire";

// Codes of docs/decisions/0006-pc-stream.md after which trying again is of no use.
const REFUSED = 4403;
const TAKEN = 4409;
const OFF = 4410;
const PING_EVERY_MS = 2000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;

type State = "connecting" | "live" | "lost" | "taken" | "off" | "refused" | "failed" | "unable";

class Ended extends Error {
  constructor(readonly state: State) {
    super(state);
  }
}

class Screen {
  readonly #canvas: HTMLCanvasElement;
  readonly #said: HTMLElement;
  readonly #choices: HTMLElement;
  readonly #keyboard: Keyboard;
  #socket: WebSocket | undefined;
  #picture: Picture | undefined;
  #waitMs = FIRST_WAIT_MS;
  #frames = 0;
  #lastFrame = -1;
  #pings = new Map<number, number>();
  #pingNumber = 0;

  constructor(private readonly root: HTMLElement) {
    this.#canvas = this.#part<HTMLCanvasElement>("canvas");
    this.#said = this.#part<HTMLElement>(".pc-say p");
    this.#choices = this.#part<HTMLElement>(".pc-say .acts");
    const send = (message: ArrayBuffer | Uint8Array<ArrayBuffer>) => this.#send(message);
    this.#keyboard = new Keyboard(this.#part<HTMLTextAreaElement>(".pc-keys"), send, () => this.#leave());
    new Pointer(this.#canvas, send, () => this.#keyboard.focus());
    this.#act("again", () => this.open());
    this.#act("full", () => void this.#full());
    this.#act("keyboard", () => this.#keyboard.focus());
    setInterval(() => this.#measure(), PING_EVERY_MS);
  }

  open(): void {
    if (!("VideoDecoder" in window)) {
      this.#show("unable");
      return;
    }
    this.#show("connecting");
    this.#ticket().then(
      (ticket) => this.#connect(ticket),
      (error: unknown) => (error instanceof Ended ? this.#show(error.state) : this.#retry()),
    );
  }

  async #ticket(): Promise<string> {
    const answer = await fetch(this.root.dataset["ticket"] ?? "", { method: "POST" });
    if (answer.status === 409 || answer.status === 404) throw new Ended("off");
    if (answer.status === 401 || answer.status === 403) throw new Ended("refused");
    if (!answer.ok) throw new Error("no ticket");
    return ((await answer.json()) as { ticket: string }).ticket;
  }

  #connect(ticket: string): void {
    const socket = new WebSocket("/pc/stream");
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#picture?.close();
    this.#picture = new Picture(
      this.#canvas,
      (frame) => this.#drawn(frame),
      () => socket.close(),
    );
    socket.onopen = () => socket.send(JSON.stringify({ ticket }));
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => this.#read(event.data);
    socket.onclose = (event) => this.#closed(socket, event.code);
  }

  #read(buffer: ArrayBuffer): void {
    const view = new DataView(buffer);
    const kind = view.getUint8(0);
    if (kind === wire.STRIPE) this.#picture?.show(wire.readStripe(buffer));
    else if (kind === wire.PONG) this.#ponged(wire.readPong(view));
    else if (kind === wire.HELLO) {
      const { width, height } = wire.readHello(view);
      if (this.#canvas.width !== width) this.#canvas.width = width;
      if (this.#canvas.height !== height) this.#canvas.height = height;
    }
  }

  #drawn(frame: number): void {
    if (frame === this.#lastFrame) return;
    this.#lastFrame = frame;
    this.#frames += 1;
    this.#send(wire.acknowledge(frame));
    if (this.root.dataset["state"] !== "live") {
      this.#waitMs = FIRST_WAIT_MS;
      this.#show("live");
      this.#keyboard.focus();
      this.#measure();
    }
  }

  #closed(socket: WebSocket, code: number): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    if (code === TAKEN) this.#show("taken");
    else if (code === OFF) this.#show("off");
    else if (code === REFUSED) this.#show("refused");
    else this.#retry();
  }

  #retry(): void {
    this.#show("lost");
    setTimeout(() => this.open(), this.#waitMs);
    this.#waitMs = Math.min(LONGEST_WAIT_MS, this.#waitMs * 2);
  }

  #measure(): void {
    this.#tell(
      "rate",
      (this.root.dataset["rate"] ?? "").replace(
        "{fps}",
        String(Math.round((this.#frames * 1000) / PING_EVERY_MS)),
      ),
    );
    this.#frames = 0;
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#pingNumber += 1;
    this.#pings.clear();
    this.#pings.set(this.#pingNumber, performance.now());
    this.#send(wire.ping(this.#pingNumber));
  }

  #ponged(number: number): void {
    const sent = this.#pings.get(number);
    if (sent === undefined) return;
    const ms = Math.max(1, Math.round(performance.now() - sent));
    this.#tell("latency", (this.root.dataset["latency"] ?? "").replace("{ms}", String(ms)));
  }

  #send(message: ArrayBuffer | Uint8Array<ArrayBuffer>): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  #show(state: State): void {
    this.root.dataset["state"] = state;
    this.#said.textContent = this.root.dataset[state] ?? "";
    this.#choices.hidden = state === "connecting" || state === "lost" || state === "live";
  }

  #leave(): void {
    const pane = this.#part<HTMLDetailsElement>(".pc-pane");
    pane.open = true;
    this.#part<HTMLElement>('.pc-pane [data-act="leave"]').focus();
  }

  async #full(): Promise<void> {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await this.root.requestFullscreen();
    this.#keyboard.focus();
  }

  #tell(what: string, text: string): void {
    this.#part<HTMLElement>(`[data-show="${what}"]`).textContent = text;
  }

  #act(name: string, act: () => void): void {
    this.#part<HTMLElement>(`[data-act="${name}"]`).addEventListener("click", act);
  }

  #part<T extends Element>(selector: string): T {
    const found = this.root.querySelector<T>(selector);
    if (!found) throw new Error(`the page lacks ${selector}`);
    return found;
  }
}

const root = document.getElementById("screen");
if (root) new Screen(root).open();
