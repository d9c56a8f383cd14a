/* Choosing rows: by box, by click, with Shift and with Ctrl; what is chosen has its bar. */

import { idOf, type Rows } from "./rows";

/** In these a click means something else. */
const OWN_CLICK = "button, summary, .menu, label, input:not(.check), a:not(.name)";

export class Selection {
  readonly chosen = new Set<string>();
  /** From where Shift chooses. */
  private anchor = "";

  constructor(
    private readonly listing: HTMLElement,
    private readonly rows: Rows,
  ) {
    listing.addEventListener("click", (event) => this.onClick(event));
    listing.addEventListener("change", (event) => this.onChange(event));
    for (const box of this.boxes()) if (box.checked) this.chosen.add(box.value);
    this.restore();
  }

  /** Shows again what is chosen, after rows were replaced; what is gone is chosen no more. */
  restore(): void {
    const table = this.listing.querySelector("table.files");
    table?.setAttribute("role", "grid");
    table?.setAttribute("aria-multiselectable", "true");
    const here = new Set(this.rows.ids());
    for (const id of this.chosen) if (!this.rows.long && !here.has(id)) this.chosen.delete(id);
    this.rows.settle();
    this.show();
  }

  toggle(id: string): void {
    if (!this.chosen.delete(id)) this.chosen.add(id);
    this.anchor = id;
    this.show();
  }

  only(id: string): void {
    this.chosen.clear();
    this.chosen.add(id);
    this.anchor = id;
    this.show();
  }

  /** All from where one began to this one. keep: besides what was chosen before. */
  async through(id: string, keep = false): Promise<void> {
    let ids = this.rows.ids();
    // In a long folder what lies between may stand nowhere in the page.
    if (this.rows.long) ids = await this.rows.everyId();
    const from = ids.indexOf(this.anchor);
    const to = ids.indexOf(id);
    if (from < 0) {
      this.only(id);
      return;
    }
    if (!keep) this.chosen.clear();
    for (const one of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) this.chosen.add(one);
    this.show();
  }

  /** Where Shift begins when nothing was chosen yet. */
  begin(id: string): void {
    if (!this.chosen.size) this.anchor = id;
  }

  async all(): Promise<void> {
    for (const id of await this.rows.everyId()) this.chosen.add(id);
    this.show();
  }

  clear(): void {
    this.chosen.clear();
    this.show();
  }

  private boxes(): HTMLInputElement[] {
    return [...this.listing.querySelectorAll<HTMLInputElement>("input.check[name=node]")];
  }

  private show(): void {
    for (const box of this.boxes()) {
      box.checked = this.chosen.has(box.value);
      box.closest("tr")?.setAttribute("aria-selected", String(box.checked));
    }
    const bar = this.listing.querySelector<HTMLElement>(".selbar");
    bar?.classList.toggle("shown", this.chosen.size > 0);
    const count = bar?.querySelector("[data-count]");
    if (count)
      count.textContent = new Intl.NumberFormat(document.documentElement.lang).format(this.chosen.size);
    for (const button of bar?.querySelectorAll<HTMLButtonElement>("[data-act]") ?? []) {
      button.hidden = button.getAttribute("data-act") === "rename" && this.chosen.size !== 1;
    }
  }

  private onChange(event: Event): void {
    const box = event.target as HTMLInputElement;
    if (!box.matches("input.check[name=node]")) return;
    if (box.checked) this.chosen.add(box.value);
    else this.chosen.delete(box.value);
    this.anchor = box.value;
    this.show();
  }

  private onClick(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const id = idOf(this.rows.of(target));
    if (!id || target.closest(OWN_CLICK)) return;
    if (target.closest("input.check")) {
      if (!event.shiftKey) return;
      // The browser puts a box back that was refused its click: it is shown after that.
      event.preventDefault();
      setTimeout(() => void this.through(id, true));
      return;
    }
    if (event.shiftKey) void this.through(id, event.ctrlKey || event.metaKey);
    else if (event.ctrlKey || event.metaKey) this.toggle(id);
    else if (target.closest("a")) return;
    else if ((event as PointerEvent).pointerType === "touch") this.toggle(id);
    else this.only(id);
    event.preventDefault();
    this.rows.focus(this.rows.of(target) ?? undefined);
  }
}
