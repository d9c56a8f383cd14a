/* Moving within a vault: an entry is taken along while its reader goes to another folder, or dragged there.
   Its sealed name goes with it as it is: in rclone's crypt a name does not depend on where it stands. */

import type { Entry } from "./stored";

const DRAGGED = "application/x-synfonium-vault";

export class Carrying {
  private entry: Entry | undefined;
  private from = "";
  private readonly bar: HTMLElement;

  constructor(
    page: HTMLElement,
    private readonly put: (entry: Entry, into: string) => void,
    private readonly here: () => string,
  ) {
    const bar = page.querySelector<HTMLElement>("[data-carried]");
    if (!bar) throw new Error("carried");
    this.bar = bar;
    this.button("put").onclick = () => this.putInto(this.here());
    this.button("leave").onclick = () => this.leave();
  }

  private button(name: string): HTMLButtonElement {
    const found = this.bar.querySelector<HTMLButtonElement>(`[data-${name}]`);
    if (!found) throw new Error(name);
    return found;
  }

  take(entry: Entry): void {
    this.entry = entry;
    this.from = this.here();
    const name = this.bar.querySelector("bdi");
    if (name) name.textContent = entry.title;
    this.bar.hidden = false;
    this.look();
    this.button("leave").focus();
  }

  leave(): void {
    this.entry = undefined;
    this.bar.hidden = true;
    const name = this.bar.querySelector("bdi");
    if (name) name.textContent = "";
  }

  /** Another folder is shown: `way` are those that it lies in, and itself. */
  look(way: string[] = []): void {
    if (!this.entry) return;
    // Where it is already, or within itself, it cannot be put.
    this.button("put").disabled = this.here() === this.from || way.includes(this.entry.id);
  }

  private putInto(folder: string): void {
    const { entry } = this;
    if (!entry || folder === this.from || folder === entry.id) return;
    this.leave();
    this.put(entry, folder);
  }

  /** A row that can be dragged. */
  lift(row: HTMLElement, entry: Entry): void {
    row.draggable = true;
    row.addEventListener("dragstart", (event) => {
      // Its name stays here: what is dragged may be dropped into another program.
      event.dataTransfer?.setData(DRAGGED, "");
      this.entry = entry;
      this.from = this.here();
    });
    row.addEventListener("dragend", () => {
      if (this.bar.hidden) this.entry = undefined;
    });
  }

  /** A folder that takes what is dragged onto it. */
  land(place: HTMLElement, folder: string): void {
    const isOurs = (event: DragEvent): boolean => event.dataTransfer?.types.includes(DRAGGED) ?? false;
    place.addEventListener("dragover", (event) => {
      if (!isOurs(event) || folder === this.entry?.id) return;
      event.preventDefault();
      place.classList.add("over");
    });
    place.addEventListener("dragleave", () => place.classList.remove("over"));
    place.addEventListener("drop", (event) => {
      place.classList.remove("over");
      if (!isOurs(event)) return;
      event.preventDefault();
      event.stopPropagation();
      this.putInto(folder);
    });
  }
}
