/* The rows of a listing: who stands where. Rows of a long folder come while one goes to them. */

const ROWS = "tbody > tr[data-node], tbody > tr[data-received]";
/** What can be reached with the arrows in a row, in the order in which it stands. */
const PARTS = "input.check, a.name, a.who, summary, .do > button";

/** A folder that is longer than what stands in the page. */
export interface Longer {
  ids(): Promise<string[]>;
  /** The place of a row; -1 for none of its. */
  at(row: HTMLElement): number;
  row(place: number): Promise<HTMLElement | undefined>;
  /** Takes all anew, as something has changed. */
  reload(): Promise<void>;
}

export class Rows {
  /** Set while the folder is longer than what stands in the page. */
  long: Longer | undefined;

  constructor(readonly listing: HTMLElement) {}

  all(): HTMLElement[] {
    return [...this.listing.querySelectorAll<HTMLElement>(ROWS)];
  }

  /** Ids of what can be chosen, as it stands. */
  ids(): string[] {
    return this.all().map(idOf).filter(Boolean);
  }

  find(id: string): HTMLElement | null {
    return this.listing.querySelector<HTMLElement>(`tr[data-node="${CSS.escape(id)}"]`);
  }

  of(target: EventTarget | null): HTMLElement | null {
    return target instanceof Element ? target.closest<HTMLElement>(ROWS) : null;
  }

  /** The ids of all, of a long folder too. */
  async everyId(): Promise<string[]> {
    return this.long ? this.long.ids() : this.ids();
  }

  /** The row so many further down; the first or last when there are not so many. */
  async stepped(from: HTMLElement, by: number): Promise<HTMLElement | undefined> {
    const place = this.long?.at(from) ?? -1;
    if (this.long && place >= 0 && place + by >= 0) return this.long.row(place + by);
    const rows = this.all();
    const at = rows.indexOf(from) + by;
    return rows[Math.max(0, Math.min(rows.length - 1, at))];
  }

  /** Makes one row the one that Tab comes to, and its part (the name, when it has no such) focused. */
  focus(row: HTMLElement | undefined, part = "a.name, .name"): void {
    if (!row) return;
    this.settle(row);
    const target = row.querySelector<HTMLElement>(part) ?? row.querySelector<HTMLElement>("a.name");
    target?.focus();
  }

  /** One stop of the Tab key for the whole grid: the name in `current`, or in the first row. */
  settle(current?: HTMLElement | null): void {
    const rows = this.all();
    const there = current ?? rows.find((row) => row.querySelector("[tabindex='0']")) ?? rows[0];
    for (const row of rows) {
      row.draggable = Boolean(idOf(row));
      for (const part of partsOf(row)) part.tabIndex = -1;
    }
    const name = there?.querySelector<HTMLElement>("a.name, input.check");
    if (name) name.tabIndex = 0;
  }
}

export function partsOf(row: HTMLElement): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>(PARTS)];
}

/** Empty for a row that cannot be chosen. */
export function idOf(row: HTMLElement | null | undefined): string {
  return row?.getAttribute("data-node") ?? "";
}

export function nameOf(row: HTMLElement): string {
  return row.querySelector(".name bdi")?.textContent ?? "";
}
