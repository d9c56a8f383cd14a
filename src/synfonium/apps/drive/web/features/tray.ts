/* The floating panel of what is on its way: all of it in one line, and a line for each file that moves. */

import type { Item } from "./drop";

/** Lines that are shown at once; of those that wait, and of those that have arrived, only a number is. */
const MOST_LINES = 40;
const SPEED_OVER_MS = 5_000;

interface Row {
  loaded: number;
  state: "waits" | "moves" | "sent" | "failed" | "stopped";
  line?: Line;
  stop?: () => void;
}
interface Line {
  item: HTMLLIElement;
  bar: HTMLProgressElement;
  state: HTMLElement;
  button: HTMLButtonElement;
}

export class Tray {
  private box: HTMLElement | undefined;
  private list = document.createElement("ul");
  private title = document.createElement("b");
  private left = document.createElement("span");
  private bar = document.createElement("progress");
  private close = document.createElement("button");
  private rows = new Map<Item, Row>();
  private size = 0;
  private loaded = 0;
  private ended = 0;
  private past: [number, number][] = [];
  private due = false;

  /** words: the texts in the reader's language, from the page. again: sends what failed once more. */
  constructor(
    private readonly words: DOMStringMap,
    private readonly again: (item: Item) => void,
    private readonly stopAll: () => void,
  ) {}

  add(items: Item[]): void {
    this.open();
    for (const item of items) {
      this.rows.set(item, { loaded: 0, state: "waits" });
      this.size += item.file.size;
    }
    this.total();
  }

  /** It moves from now on, and can be stopped. */
  onStop(item: Item, stop: () => void): void {
    const row = this.rows.get(item);
    if (!row) return;
    row.stop = stop;
    row.state = "moves";
    this.line(item, row);
  }

  progress(item: Item, loaded: number): void {
    const row = this.rows.get(item);
    if (!row) return;
    const now = Math.min(loaded, item.file.size);
    this.loaded += now - row.loaded;
    row.loaded = now;
    const part = item.file.size ? now / item.file.size : 1;
    if (row.line) {
      row.line.bar.value = part;
      row.line.state.textContent = this.number(part, { style: "percent" });
    }
    this.total();
  }

  /** The connection is lost; it goes on by itself. */
  waiting(item: Item): void {
    const line = this.rows.get(item)?.line;
    if (line) line.state.textContent = this.word("sayWaiting");
    this.left.textContent = this.word("sayWaiting");
    this.past = [];
  }

  done(item: Item): void {
    this.progress(item, item.file.size);
    this.end(item, "sent");
  }

  stopped(item: Item): void {
    this.progress(item, item.file.size);
    this.end(item, "stopped");
  }

  /** reason: what the server said; empty when the connection was cut or stopped. */
  failed(item: Item, reason: string): void {
    const row = this.rows.get(item);
    if (!row) return;
    this.progress(item, item.file.size);
    this.end(item, "failed");
    const line = this.line(item, row);
    line.state.textContent = reason || this.word("sayCut");
    line.state.classList.add("bad");
    line.bar.hidden = true;
    line.button.setAttribute("aria-label", `${this.word("sayAgain")}: ${item.file.name}`);
    line.button.textContent = this.word("sayAgain");
    line.button.onclick = () => this.repeat(item, row);
  }

  stopMoving(): void {
    for (const row of [...this.rows.values()]) if (row.state === "moves") row.stop?.();
  }

  finish(): void {
    const isWhole = ![...this.rows.values()].some((row) => row.state === "failed");
    this.title.textContent = this.word(isWhole ? "sayAll" : "saySome");
    this.left.textContent = "";
    this.bar.value = 1;
    this.close.textContent = this.word("sayClose");
    this.close.onclick = () => this.shut();
  }

  private repeat(item: Item, row: Row): void {
    row.line?.item.remove();
    delete row.line;
    row.state = "waits";
    this.loaded -= row.loaded;
    row.loaded = 0;
    this.ended -= 1;
    this.open();
    this.again(item);
  }

  private end(item: Item, state: "sent" | "failed" | "stopped"): void {
    const row = this.rows.get(item);
    if (!row) return;
    row.state = state;
    this.ended += 1;
    if (state !== "failed") {
      row.line?.item.remove();
      delete row.line;
    }
    this.total();
  }

  private line(item: Item, row: Row): Line {
    row.line ??= this.drawn(item, row);
    return row.line;
  }

  private drawn(item: Item, row: Row): Line {
    const line: Line = {
      item: document.createElement("li"),
      bar: document.createElement("progress"),
      state: document.createElement("span"),
      button: document.createElement("button"),
    };
    const name = document.createElement("span");
    name.textContent = item.file.name;
    name.title = item.path ? `${item.path}/${item.file.name}` : item.file.name;
    line.state.className = "quiet num";
    line.bar.max = 1;
    line.bar.value = 0;
    line.bar.setAttribute("aria-label", item.file.name);
    line.button.type = "button";
    line.button.className = "btn bare";
    line.button.textContent = this.word("sayStop");
    line.button.setAttribute("aria-label", `${this.word("sayStop")}: ${item.file.name}`);
    line.button.onclick = () => row.stop?.();
    line.item.append(name, line.state, line.button, line.bar);
    if (this.list.childElementCount < MOST_LINES) this.list.append(line.item);
    return line;
  }

  private open(): void {
    this.title.textContent = this.word("saySending");
    this.close.textContent = this.word("sayStopAll");
    this.close.onclick = () => this.stopAll();
    if (this.box) return;
    const box = document.createElement("section");
    box.className = "tray";
    box.setAttribute("aria-label", this.word("saySending"));
    const header = document.createElement("header");
    const status = document.createElement("span");
    status.setAttribute("role", "status");
    this.left.className = "quiet num";
    this.bar.max = 1;
    this.bar.setAttribute("aria-label", this.word("saySending"));
    this.close.type = "button";
    this.close.className = "btn bare";
    status.append(this.title);
    header.append(status, this.close, this.left, this.bar);
    box.append(header, this.list);
    document.body.append(box);
    this.box = box;
  }

  private shut(): void {
    this.box?.remove();
    this.box = undefined;
    this.list = document.createElement("ul");
    this.rows.clear();
    this.size = this.loaded = this.ended = 0;
    this.past = [];
  }

  /** Shown at most once a frame: a hundred small files a second change it more often. */
  private total(): void {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.bar.value = this.size ? this.loaded / this.size : 1;
      if (this.ended < this.rows.size) this.left.textContent = this.howFar();
    });
  }

  private howFar(): string {
    const now = performance.now();
    this.past.push([now, this.loaded]);
    while (this.past.length > 2 && now - (this.past[0]?.[0] ?? now) > SPEED_OVER_MS) this.past.shift();
    const [first_ms, first] = this.past[0] ?? [now, this.loaded];
    const speed = now - first_ms > 500 ? ((this.loaded - first) / (now - first_ms)) * 1000 : 0;
    const parts = [`${this.number(this.ended)} / ${this.number(this.rows.size)}`];
    if (speed > 0) {
      parts.push(
        `${this.number(speed / 1e6, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 })}/s`,
      );
      parts.push(this.word("sayLeft").replace("{t}", this.time((this.size - this.loaded) / speed)));
    }
    return parts.join(" · ");
  }

  private time(seconds: number): string {
    const [value, unit] =
      seconds < 60
        ? [seconds, "second"]
        : seconds < 5400
          ? [seconds / 60, "minute"]
          : [seconds / 3600, "hour"];
    return this.number(Math.ceil(value), { style: "unit", unit });
  }

  private number(value: number, options?: Intl.NumberFormatOptions): string {
    return new Intl.NumberFormat(document.documentElement.lang, options).format(value);
  }

  private word(name: string): string {
    return this.words[name] ?? "";
  }
}
