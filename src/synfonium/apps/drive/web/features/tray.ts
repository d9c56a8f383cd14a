/* The floating box that shows what is on its way. */

import type { Item } from "./drop";

interface Row {
  line: HTMLLIElement;
  state: HTMLElement;
  stop: HTMLButtonElement;
  loaded: number;
}

export class Tray {
  private box: HTMLElement | undefined;
  private list = document.createElement("ul");
  private title = document.createElement("b");
  private bar = document.createElement("progress");
  private rows = new Map<Item, Row>();
  private failures = 0;

  /** words: the texts in the reader's language, from the page. */
  constructor(private readonly words: DOMStringMap) {}

  add(item: Item): void {
    this.open();
    const line = document.createElement("li");
    const name = document.createElement("span");
    name.textContent = item.file.name;
    const state = document.createElement("span");
    state.className = "quiet num";
    const stop = document.createElement("button");
    stop.type = "button";
    stop.className = "btn bare";
    stop.textContent = this.word("sayStop");
    stop.hidden = true;
    line.append(name, state, stop);
    this.list.append(line);
    this.rows.set(item, { line, state, stop, loaded: 0 });
    this.total();
  }

  onStop(item: Item, stop: () => void): void {
    const row = this.rows.get(item);
    if (!row) return;
    row.stop.hidden = false;
    row.stop.onclick = stop;
  }

  progress(item: Item, loaded: number): void {
    const row = this.rows.get(item);
    if (!row) return;
    row.loaded = Math.min(loaded, item.file.size);
    const part = item.file.size ? row.loaded / item.file.size : 1;
    row.state.textContent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(
      part,
    );
    this.total();
  }

  /** The connection is lost; it goes on by itself. */
  waiting(item: Item): void {
    const row = this.rows.get(item);
    if (row) row.state.textContent = this.word("sayWaiting");
  }

  done(item: Item): void {
    this.progress(item, item.file.size);
    this.end(item, this.word("saySent"));
  }

  /** reason: what the server said; empty when the connection was cut or stopped. */
  failed(item: Item, reason: string): void {
    this.failures += 1;
    this.end(item, `${this.word("sayFailed")}: ${reason || this.word("sayCut")}`, "bad");
  }

  finish(): void {
    this.title.textContent = this.word(this.failures ? "saySome" : "sayAll");
    this.bar.value = 1;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn bare";
    close.textContent = this.word("sayClose");
    close.onclick = () => this.close();
    this.title.parentElement?.after(close);
  }

  private end(item: Item, text: string, kind = ""): void {
    const row = this.rows.get(item);
    if (!row) return;
    row.stop.hidden = true;
    row.state.textContent = text;
    if (kind) row.state.classList.add(kind);
    row.loaded = item.file.size;
    this.total();
  }

  private open(): void {
    if (this.box) {
      this.box.querySelector("header > button")?.remove();
      this.title.textContent = this.word("saySending");
      return;
    }
    const box = document.createElement("section");
    box.className = "tray";
    const header = document.createElement("header");
    const status = document.createElement("span");
    status.setAttribute("role", "status");
    this.title.textContent = this.word("saySending");
    this.bar.max = 1;
    this.bar.setAttribute("aria-label", this.word("saySending"));
    status.append(this.title);
    header.append(status, this.bar);
    box.append(header, this.list);
    document.body.append(box);
    this.box = box;
  }

  private close(): void {
    this.box?.remove();
    this.box = undefined;
    this.list = document.createElement("ul");
    this.rows.clear();
    this.failures = 0;
  }

  private total(): void {
    let size = 0;
    let loaded = 0;
    for (const [item, row] of this.rows) {
      size += item.file.size;
      loaded += row.loaded;
    }
    this.bar.value = size ? loaded / size : 1;
  }

  private word(name: string): string {
    return this.words[name] ?? "";
  }
}
