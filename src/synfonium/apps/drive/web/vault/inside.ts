/* An open vault: its folders and files, and what can be done with them. */

import { Carrying } from "./carrying";
import { save, show } from "./giving";
import type { Lock } from "./lock";
import { Rows } from "./rows";
import { type Entry, entriesOf, Refused, send, upload } from "./stored";

/** A folder on the way from the vault down. */
interface Step {
  id: string;
  title: string;
}

const KEPT_WAYS = 1_000;

export class Inside {
  /** Somebody's file is on its way: that is no idleness. */
  isBusy = false;
  private isShut = false;
  private entries: Entry[] = [];
  private way: Step[];
  private readonly ways = new Map<string, Step[]>();
  private readonly rows: Rows;
  private readonly carrying: Carrying;
  private readonly section: HTMLElement;
  private readonly stop = new AbortController();

  constructor(
    private readonly page: HTMLElement,
    private readonly lock: Lock,
  ) {
    this.section = this.find("[data-inside]");
    this.way = [{ id: page.getAttribute("data-vault") ?? "", title: "" }];
    this.carrying = new Carrying(
      page,
      (entry, into) => void this.act(() => this.move(entry, into)),
      () => this.folder,
    );
    this.rows = new Rows(page, {
      open: (entry) => void this.act(() => this.open(entry)),
      save: (entry) => void this.act(() => save(this.page, this.lock, entry)),
      rename: (entry, name) => void this.act(() => this.rename(entry, name)),
      remove: (entry) => void this.act(() => this.remove(entry)),
      move: (entry) => this.carrying.take(entry),
      made: (row, entry) => {
        this.carrying.lift(row, entry);
        if (!entry.is_file) this.carrying.land(row, entry.id);
      },
    });
  }

  async start(): Promise<void> {
    await this.act(async () => {
      const below = JSON.parse(this.page.getAttribute("data-below") ?? "[]") as [string, string][];
      const titles = await this.lock.open(below.map(([, name]) => name));
      this.way.push(...below.map(([id], at): Step => ({ id, title: titles[at] ?? "…" })));
      this.keep();
      await this.load();
    });
    if (this.isShut) return;
    this.section.hidden = false;
    this.listen();
    this.find("h1").focus();
  }

  shut(): void {
    this.isShut = true;
    this.stop.abort();
    this.lock.shut();
    this.rows.clear();
    this.carrying.leave();
    this.entries = [];
    this.section.hidden = true;
    this.find("[data-crumbs]").replaceChildren();
    this.find("[data-tray]").replaceChildren();
    const shown = this.find<HTMLDialogElement>("dialog");
    shown.close();
    shown.querySelector("[data-shown]")?.replaceChildren();
    const name = shown.querySelector("h2");
    if (name) name.textContent = "";
    for (const form of this.section.querySelectorAll("form")) form.reset();
  }

  private find<T extends HTMLElement = HTMLElement>(selector: string): T {
    const found = this.page.querySelector<T>(selector);
    if (!found) throw new Error(selector);
    return found;
  }

  private listen(): void {
    const { signal } = this.stop;
    const files = this.find<HTMLInputElement>("input[type=file]");
    files.addEventListener("change", () => this.send([...(files.files ?? [])], files), { signal });
    const making = this.find<HTMLFormElement>("form[data-make]");
    making.addEventListener(
      "submit",
      (event) => {
        event.preventDefault();
        void this.act(() => this.makeFolder(making));
      },
      { signal },
    );
    addEventListener("popstate", () => void this.act(() => this.back()), { signal });
    this.section.addEventListener("dragover", (event) => event.preventDefault(), { signal });
    this.section.addEventListener(
      "drop",
      (event) => {
        event.preventDefault();
        this.send([...(event.dataTransfer?.files ?? [])]);
      },
      { signal },
    );
  }

  /** Does it, and says what was refused. */
  private async act(work: () => Promise<void>): Promise<void> {
    this.say("");
    this.isBusy = true;
    try {
      await work();
    } catch (fault) {
      if (!this.isShut) this.say(this.wordsOf(fault));
    } finally {
      this.isBusy = false;
    }
  }

  private wordsOf(fault: unknown): string {
    if (fault instanceof Refused) return fault.message || this.word("away");
    const said = fault instanceof Error ? fault.message : "";
    return this.word(said === "damaged" || said === "long" ? said : "away");
  }

  private say(text: string): void {
    const place = this.find("[data-said]");
    place.hidden = !text;
    place.textContent = text;
  }

  private word(name: string): string {
    return this.page.getAttribute(`data-say-${name}`) ?? "";
  }

  // Looking

  private get folder(): string {
    return this.way.at(-1)?.id ?? "";
  }

  private async load(): Promise<void> {
    const folder = this.folder;
    const found = await entriesOf(folder);
    const titles = await this.lock.open(found.map((one) => one.name));
    if (this.isShut || folder !== this.folder) return;
    const entries = found.flatMap((one, at): Entry[] => {
      const title = titles[at];
      return title === null || title === undefined ? [] : [{ ...one, title }];
    });
    const { compare } = new Intl.Collator(document.documentElement.lang, { numeric: true });
    this.entries = entries.sort((a, b) => Number(a.is_file) - Number(b.is_file) || compare(a.title, b.title));
    this.rows.show(this.entries);
    const strange = found.length - entries.length;
    this.say(strange ? this.word("strange").replace("{}", `${strange}`) : "");
    this.crumbs();
    this.carrying.look(this.way.map((step) => step.id));
  }

  private crumbs(): void {
    const name = this.page.getAttribute("data-name") ?? "";
    // The page says the vault's own name already.
    const steps = this.way.length > 1 ? this.way : [];
    const items = steps.map((step, at) => {
      const item = document.createElement("li");
      const title = at === 0 ? name : step.title;
      const isLast = at === this.way.length - 1;
      const piece = document.createElement(isLast ? "span" : "button");
      piece.className = isLast ? "" : "linklike";
      piece.textContent = title;
      if (isLast) piece.setAttribute("aria-current", "location");
      else piece.addEventListener("click", () => void this.act(() => this.go(this.way.slice(0, at + 1))));
      if (!isLast) this.carrying.land(piece, step.id);
      item.append(piece);
      return item;
    });
    this.find("[data-crumbs]").replaceChildren(...items);
  }

  private async go(way: Step[]): Promise<void> {
    this.way = way;
    this.keep();
    history.pushState(null, "", `/drive/vaults/${this.folder}`);
    await this.load();
  }

  private keep(): void {
    if (this.ways.size < KEPT_WAYS) this.ways.set(this.folder, this.way);
  }

  private async back(): Promise<void> {
    const way = this.ways.get(location.pathname.split("/").at(-1) ?? "");
    if (!way) return;
    this.way = way;
    await this.load();
  }

  private async open(entry: Entry): Promise<void> {
    if (!entry.is_file) await this.go([...this.way, { id: entry.id, title: entry.title }]);
    else if (!(await show(this.page, this.lock, entry))) await save(this.page, this.lock, entry);
  }

  // Changing

  private async sealed(name: string): Promise<string> {
    const sealed = await this.lock.seal(name);
    if (sealed === null) throw new Error("long");
    return sealed;
  }

  private async makeFolder(form: HTMLFormElement): Promise<void> {
    const field = form.querySelector("input");
    const name = field?.value.trim() ?? "";
    await send(`/drive/node/${this.folder}/folder`, { name: await this.sealed(name) });
    form.reset();
    form.closest("details")?.removeAttribute("open");
    await this.load();
  }

  private async rename(entry: Entry, name: string): Promise<void> {
    await send(`/drive/node/${entry.id}/rename`, { name: await this.sealed(name.trim()) });
    await this.load();
  }

  private async move(entry: Entry, into: string): Promise<void> {
    await send("/drive/move", { node: entry.id, into });
    await this.load();
  }

  private async remove(entry: Entry): Promise<void> {
    await send("/drive/trash", { node: entry.id });
    await this.load();
  }

  private send(files: File[], field?: HTMLInputElement): void {
    if (!files.length) return;
    void this.act(async () => {
      await this.sendAll(files);
      if (field) field.value = "";
    });
  }

  private async sendAll(files: File[]): Promise<void> {
    const tray = this.find("[data-tray]");
    const folder = this.folder;
    for (const file of files) {
      const line = document.createElement("li");
      const bar = document.createElement("progress");
      const name = document.createElement("span");
      name.textContent = file.name;
      bar.setAttribute("aria-label", file.name);
      bar.value = 0;
      line.append(name, bar);
      tray.append(line);
      try {
        const sealed = await this.sealed(this.free(file.name));
        await upload(this.lock, file, folder, sealed, (part) => {
          bar.value = part;
        });
        await this.load();
        line.remove();
      } catch (fault) {
        if (this.isShut) return;
        bar.replaceWith(this.wordsOf(fault));
        line.className = "bad";
      }
    }
  }

  /** A name that nothing in the folder has: what is there stays. */
  private free(name: string): string {
    const taken = new Set(this.entries.map((entry) => entry.title));
    const dot = name.lastIndexOf(".");
    const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${stem} (${number})${end}`;
    return free;
  }
}
