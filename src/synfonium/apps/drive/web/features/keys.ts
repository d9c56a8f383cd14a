/* The listing with the keyboard: one stop for Tab, arrows within, and the keys that people know. */

import type { Acts } from "./acts";
import { idOf, nameOf, partsOf, type Rows } from "./rows";
import type { Selection } from "./select";

const FORGET_MS = 900;

export class Keys {
  private typed = "";
  private typedAt = 0;

  constructor(
    listing: HTMLElement,
    private readonly rows: Rows,
    private readonly selection: Selection,
    private readonly acts: Acts,
  ) {
    document.addEventListener("keydown", (event) => this.onKey(event));
    listing.addEventListener("focusin", (event) => {
      const row = this.rows.of(event.target);
      if (row) this.rows.settle(row);
    });
  }

  private onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || isWriting(event.target) || document.querySelector("dialog[open]")) return;
    const row = this.rows.of(event.target);
    const inMenu = event.target instanceof Element && event.target.closest(".menu, .confirm > div");
    const isDone = (row && !inMenu && this.inRow(event, row)) || this.anywhere(event, row);
    if (isDone) event.preventDefault();
  }

  private anywhere(event: KeyboardEvent, row: HTMLElement | null): boolean {
    const { key } = event;
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.shiftKey && !event.altKey) {
      if (key === "a" && isFree(row)) return this.did(() => void this.selection.all());
      if (key === "z") return this.acts.undo();
      return false;
    }
    if (command) return false;
    if (event.altKey) return key === "ArrowUp" && this.acts.up();
    if (key === "Backspace") return this.acts.up();
    if (key === "?") return this.acts.help();
    if (key === "F2") return this.acts.rename(row);
    if (key === "Delete") return this.acts.trash(row);
    if (
      key === "Escape" &&
      this.selection.chosen.size &&
      !document.querySelector("details[data-pop][open]")
    ) {
      return this.did(() => this.selection.clear());
    }
    const isFirst = key === "ArrowDown" || key === "Home";
    if (!row && isFree(row) && isFirst) return this.did(() => this.rows.focus(this.rows.all()[0]));
    return false;
  }

  private inRow(event: KeyboardEvent, row: HTMLElement): boolean {
    if (event.altKey || ((event.ctrlKey || event.metaKey) && !["Home", "End", " "].includes(event.key)))
      return false;
    const far = Math.max(1, Math.floor(innerHeight / Math.max(1, row.offsetHeight)) - 3);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: far,
      PageUp: -far,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    };
    const step = steps[event.key];
    if (step !== undefined) return this.did(() => void this.go(event, row, step));
    if (event.key === "ArrowRight" || event.key === "ArrowLeft")
      return this.did(() => aside(event, row, event.key === "ArrowRight" ? 1 : -1));
    if (event.key === " " && !isOwn(event.target)) {
      const id = idOf(row);
      return this.did(() => {
        if (id) this.selection.toggle(id);
      });
    }
    return event.key.length === 1 && event.key !== "?" && event.key !== "/" && this.type(event.key, row);
  }

  private async go(event: KeyboardEvent, row: HTMLElement, step: number): Promise<void> {
    const isBox = event.target instanceof Element && event.target.matches("input.check");
    if (event.shiftKey && idOf(row)) this.selection.begin(idOf(row));
    const next = await this.rows.stepped(row, step);
    if (!next) return;
    this.rows.focus(next, isBox ? "input.check" : undefined);
    if (event.shiftKey && idOf(next)) void this.selection.through(idOf(next));
  }

  /** To the next name that begins with what is typed. */
  private type(letter: string, row: HTMLElement): boolean {
    const now = performance.now();
    this.typed = (now - this.typedAt > FORGET_MS ? "" : this.typed) + letter.toLocaleLowerCase();
    this.typedAt = now;
    if (this.typed === " ") return false;
    const rows = this.rows.all();
    const at = rows.indexOf(row) + (this.typed.length === 1 ? 1 : 0);
    const next = [...rows.slice(at), ...rows.slice(0, at)].find((one) =>
      nameOf(one).toLocaleLowerCase().startsWith(this.typed),
    );
    this.rows.focus(next);
    return true;
  }

  private did(act: () => void): boolean {
    act();
    return true;
  }
}

function aside(event: KeyboardEvent, row: HTMLElement, by: number): void {
  const parts = partsOf(row);
  const at = parts.indexOf(event.target as HTMLElement);
  parts[Math.max(0, Math.min(parts.length - 1, at + by))]?.focus();
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches("input:not(.check), textarea, select, [contenteditable]")
  );
}

/** Whether the Space key does something there by itself. */
function isOwn(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("input, button, summary");
}

function isFree(row: HTMLElement | null): boolean {
  return row !== null || document.activeElement === document.body || document.activeElement === null;
}
