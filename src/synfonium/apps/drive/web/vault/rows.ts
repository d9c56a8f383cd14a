/* The table of an open vault, a thousand lines at a time. */

import { openedSize } from "./content";
import type { Entry } from "./stored";

const LINES = 1_000;
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

export interface Acts {
  open(entry: Entry): void;
  save(entry: Entry): void;
  rename(entry: Entry, name: string): void;
  remove(entry: Entry): void;
  move(entry: Entry): void;
  made(row: HTMLElement, entry: Entry): void;
}

export class Rows {
  private rest: Entry[] = [];
  private readonly body: HTMLElement;
  private readonly more: HTMLButtonElement;

  constructor(
    private readonly page: HTMLElement,
    private readonly acts: Acts,
  ) {
    this.body = find(page, "tbody");
    this.more = find<HTMLButtonElement>(page, "button[data-more]");
    this.more.onclick = () => this.add();
  }

  show(entries: Entry[]): void {
    this.clear();
    this.rest = [...entries];
    find(this.page, "[data-empty]").hidden = entries.length > 0;
    find(this.page, "table").hidden = entries.length === 0;
    this.add();
  }

  clear(): void {
    this.rest = [];
    this.body.replaceChildren();
    this.more.hidden = true;
  }

  private add(): void {
    this.body.append(...this.rest.splice(0, LINES).map((entry) => this.row(entry)));
    this.more.hidden = this.rest.length === 0;
  }

  private row(entry: Entry): Node {
    const template = find<HTMLTemplateElement>(
      this.page,
      `template[data-${entry.is_file ? "file" : "folder"}]`,
    );
    const row = find((template.content.cloneNode(true) as DocumentFragment).firstElementChild, "");
    row.setAttribute("data-node", entry.id);
    const name = find<HTMLButtonElement>(row, "button.name");
    find(name, "bdi").textContent = entry.title;
    name.onclick = () => this.acts.open(entry);
    find(row, "time").textContent = dateOf(entry.modified_s);
    find(row, ".n").textContent = entry.is_file ? sizeOf(entry) : "";
    const label = this.page.getAttribute("data-say-menu") ?? "";
    find(row, "summary").setAttribute("aria-label", label.replace("{}", entry.title));
    const form = find<HTMLFormElement>(row, "form");
    const field = find<HTMLInputElement>(form, "input");
    field.value = entry.title;
    form.onsubmit = (event) => {
      event.preventDefault();
      this.acts.rename(entry, field.value);
    };
    const saving = row.querySelector<HTMLButtonElement>("[data-save]");
    if (saving) saving.onclick = () => this.acts.save(entry);
    find<HTMLButtonElement>(row, "[data-remove]").onclick = () => this.acts.remove(entry);
    find<HTMLButtonElement>(row, "[data-move]").onclick = () => this.acts.move(entry);
    this.acts.made(row, entry);
    return row;
  }
}

function find<T extends HTMLElement = HTMLElement>(within: Element | null, selector: string): T {
  const found = selector ? within?.querySelector<T>(selector) : (within as T | null);
  if (!found) throw new Error(selector);
  return found;
}

function dateOf(time_s: number): string {
  const way: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(document.documentElement.lang, way).format(time_s * 1000);
}

/** What the file holds, and not what is stored. */
function sizeOf(entry: Entry): string {
  let size: number;
  try {
    size = openedSize(entry.size_bytes);
  } catch {
    return "?";
  }
  let at = 0;
  for (; size >= 1000 && at < UNITS.length - 1; at++) size /= 1000;
  const way = {
    style: "unit",
    unit: UNITS[at],
    unitDisplay: at === 0 ? "long" : "short",
    maximumFractionDigits: 1,
  } as const;
  return new Intl.NumberFormat(document.documentElement.lang, { ...way, unit: UNITS[at] ?? "byte" }).format(
    size,
  );
}
