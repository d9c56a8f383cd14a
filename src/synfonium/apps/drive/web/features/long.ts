/* A folder of any length: only what is on the screen stands in the page, the rest is room.
 *
 * The server numbers nothing: it gives marks, each the last entry before a piece, and a piece is asked for by
 * its mark. A row is as high as another, so that the place of a piece is known before it is there. */

import { idOf, type Rows } from "./rows";

const STEP = 100;
/** Pieces kept around the screen, and how many are asked for at once. */
const AROUND = 1;
const AT_ONCE = 2;
const CALM_MS = 2_000;

interface Index {
  etag: string;
  count: number;
  marks: string[];
}

export class Long {
  private index: Index = { etag: "", count: 0, marks: [] };
  private readonly pieces = new Map<number, HTMLTableSectionElement>();
  private readonly asked = new Map<number, AbortController>();
  private readonly above = room();
  private readonly below = room();
  private row_px = 0;
  private first = 0;
  private last = -1;
  private due = false;
  private taken_ms = 0;

  private constructor(
    private readonly listing: HTMLElement,
    private readonly table: HTMLTableElement,
    private readonly rows: Rows,
    private readonly onRows: () => void,
  ) {}

  /** Takes the listing over, when it has more than a page. */
  static async over(listing: HTMLElement, rows: Rows, onRows: () => void): Promise<Long | undefined> {
    const table = listing.querySelector<HTMLTableElement>("table.files");
    if (!table || !listing.querySelector("[data-more]")) return undefined;
    const long = new Long(listing, table, rows, onRows);
    await long.begin();
    return long;
  }

  /** Takes all anew, as something has changed; what stands on the screen stays until it comes. */
  async reload(): Promise<void> {
    const calm_ms = this.taken_ms + CALM_MS - performance.now();
    if (calm_ms > 0) await new Promise((resolve) => setTimeout(resolve, calm_ms));
    this.index = await this.read();
    this.taken_ms = performance.now();
    this.listing.setAttribute("data-etag", this.index.etag);
    // Nobody's open menu is taken away.
    while (this.table.querySelector("details[open]"))
      await new Promise((resolve) => setTimeout(resolve, 300));
    for (const one of this.asked.values()) one.abort();
    this.asked.clear();
    const stale = [...this.pieces.keys()];
    for (const number of stale) if (number >= this.length) this.drop(number);
    this.draw(true);
    await Promise.all([...this.pieces.keys()].map((number) => this.fetch(number)));
  }

  get count(): number {
    return this.index.count;
  }

  /** Where a row stands among all; -1 for one that does not stand among them. */
  at(row: HTMLElement): number {
    const piece = row.parentElement as HTMLTableSectionElement | null;
    const number = piece?.getAttribute("data-piece");
    if (!piece || number === null || number === undefined) return -1;
    return Number(number) * STEP + [...piece.rows].indexOf(row as HTMLTableRowElement);
  }

  /** The row in that place; it is brought onto the screen. */
  async row(at: number): Promise<HTMLElement | undefined> {
    const place = Math.max(0, Math.min(this.count - 1, at));
    const number = Math.floor(place / STEP);
    if (!this.pieces.get(number)?.rows[place % STEP]?.hasAttribute("data-node")) {
      const top = this.above.getBoundingClientRect().top + scrollY + place * this.row_px;
      scrollTo({ top: top - innerHeight / 2 });
      this.draw();
      await this.fetch(number);
    }
    return this.pieces.get(number)?.rows[place % STEP];
  }

  /** The ids of all, in their order. */
  async ids(): Promise<string[]> {
    return (await this.read(1)).marks;
  }

  private get length(): number {
    return Math.ceil(this.index.count / STEP);
  }

  private async begin(): Promise<void> {
    this.index = await this.read();
    this.table.classList.add("long");
    const body = [...this.table.tBodies].find((one) => one.querySelector("tr[data-node]"));
    const rows = [...(body?.querySelectorAll<HTMLTableRowElement>("tr[data-node]") ?? [])];
    if (!body || !rows[0]) return;
    this.row_px = rows[0].getBoundingClientRect().height;
    this.listing.querySelector(".pages")?.setAttribute("hidden", "");
    body.after(this.above, this.below);
    // The page that came first is the first pieces, unless it began further down.
    const isTop = !new URLSearchParams(location.search).has("after");
    for (let at = 0; isTop && at < rows.length; at += STEP) this.put(at / STEP, rows.slice(at, at + STEP));
    for (const row of rows) if (!row.closest("[data-piece]")) row.remove();
    this.table.setAttribute("aria-rowcount", String(this.count));
    addEventListener("scroll", () => this.soon(), { passive: true });
    addEventListener("resize", () => this.measure());
    this.draw();
  }

  private async read(step = STEP): Promise<Index> {
    const answer = await fetch(`/drive/node/${this.folder}/marks?${this.query({ step: String(step) })}`);
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()) as Index;
  }

  private soon(): void {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.draw();
    });
  }

  private measure(): void {
    const piece = [...this.pieces.values()].find((one) => one.rows.length === STEP && !isRoom(one));
    if (piece) this.row_px = piece.getBoundingClientRect().height / STEP;
    this.draw(true);
  }

  /** Puts the pieces around the screen into the page, and takes the others out. */
  private draw(anew = false): void {
    const top = this.above.getBoundingClientRect().top;
    const piece_px = STEP * this.row_px;
    const first = Math.floor(-top / piece_px) - AROUND;
    const last = Math.floor((innerHeight - top) / piece_px) + AROUND;
    const from = Math.max(0, Math.min(this.length - 1, first));
    const to = Math.max(0, Math.min(this.length - 1, last));
    if (!anew && from === this.first && to === this.last) return;
    this.first = from;
    this.last = to;
    for (const number of [...this.pieces.keys()]) if (number < from || number > to) this.drop(number);
    for (const [number, one] of this.asked) if (number < from || number > to) this.forget(number, one);
    for (let number = from; number <= to; number += 1) if (!this.pieces.has(number)) this.put(number, []);
    height(this.above, from * piece_px);
    height(this.below, Math.max(0, this.count - (to + 1) * STEP) * this.row_px);
    this.pump();
  }

  private pump(): void {
    for (const [number, piece] of this.pieces) {
      if (this.asked.size >= AT_ONCE) return;
      if (isRoom(piece) && !this.asked.has(number)) void this.fetch(number);
    }
  }

  private async fetch(number: number): Promise<void> {
    const control = new AbortController();
    this.asked.get(number)?.abort();
    this.asked.set(number, control);
    try {
      const after = number ? (this.index.marks[number - 1] ?? "") : "";
      const query = this.query({ after, limit: String(STEP) });
      const answer = await fetch(`/drive/node/${this.folder}/rows?${query}`, { signal: control.signal });
      if (answer.ok) this.fill(number, await answer.text());
    } catch {
      // It is asked for again when one comes by.
    } finally {
      if (this.asked.get(number) === control) this.asked.delete(number);
    }
    this.pump();
  }

  private fill(number: number, text: string): void {
    if (!this.pieces.has(number)) return;
    const page = new DOMParser().parseFromString(`<table>${text}</table>`, "text/html");
    const focused = idOf(this.rows.of(document.activeElement));
    this.put(number, [...page.querySelectorAll<HTMLTableRowElement>("tr[data-node]")]);
    this.onRows();
    const again = focused && !this.rows.of(document.activeElement) ? this.rows.find(focused) : null;
    if (again) this.rows.focus(again);
  }

  /** rows: none for a piece that is still to come. */
  private put(number: number, rows: HTMLTableRowElement[]): void {
    const piece = document.createElement("tbody");
    piece.setAttribute("data-piece", String(number));
    if (rows.length) piece.append(...rows);
    else piece.append(room().rows[0] as HTMLTableRowElement);
    for (const [at, row] of rows.entries()) row.setAttribute("aria-rowindex", String(number * STEP + at + 1));
    if (!rows.length) height(piece, Math.min(STEP, this.count - number * STEP) * this.row_px);
    const old = this.pieces.get(number);
    const before = [...this.pieces].filter(([one]) => one < number).sort(([a], [b]) => b - a)[0]?.[1];
    if (old) old.replaceWith(piece);
    else (before ?? this.above).after(piece);
    this.pieces.set(number, piece);
  }

  private drop(number: number): void {
    this.pieces.get(number)?.remove();
    this.pieces.delete(number);
  }

  private forget(number: number, one: AbortController): void {
    one.abort();
    this.asked.delete(number);
  }

  private get folder(): string {
    return this.listing.getAttribute("data-folder") ?? "";
  }

  private query(more: Record<string, string>): URLSearchParams {
    return new URLSearchParams({ sort: this.listing.getAttribute("data-sort") ?? "name", ...more });
  }
}

/** Rows that are not there, as high as they would be. */
function room(): HTMLTableSectionElement {
  const body = document.createElement("tbody");
  const row = document.createElement("tr");
  const cell = document.createElement("td");
  cell.colSpan = 5;
  row.className = "room";
  row.setAttribute("aria-hidden", "true");
  row.append(cell);
  body.append(row);
  return body;
}

function isRoom(piece: HTMLTableSectionElement): boolean {
  return piece.rows[0]?.className === "room";
}

function height(body: HTMLTableSectionElement, height_px: number): void {
  const row = body.rows[0];
  if (!row) return;
  row.style.height = `${height_px}px`;
  row.hidden = height_px <= 0;
}
