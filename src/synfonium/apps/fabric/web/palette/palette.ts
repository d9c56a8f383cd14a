/* The palette: a dialog with one field, and below it what fits. Combobox with a listbox (WAI-ARIA APG). */
import { type Action, type Content, type Entry, fit, recent, remember } from "./content";
import { element, icon } from "./dom";
import { type Done, formOf } from "./form";

const TOAST = "synfonium.toast";
const CALM_MS = 150;
const MOST_SHOWN = 8;
const LONGEST = 200;

let dialog: Palette | undefined;

/** Opens it with what was typed before it was there, or closes it when it is open. */
export function toggle(sprite: string, typed: string): void {
  dialog ??= new Palette(sprite);
  dialog.toggle(typed);
}

class Palette {
  private readonly dialog = element("dialog", { class: "palette" }) as HTMLDialogElement;
  private readonly field = element("input", {
    class: "palette-field",
    type: "text",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "palette-list",
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: String(LONGEST),
  }) as HTMLInputElement;
  private readonly list = element("div", { id: "palette-list", role: "listbox" });
  private readonly count = element("p", { class: "vh", role: "status" });
  private readonly keys = element("p", { class: "palette-keys", "aria-hidden": "true" });
  private readonly search = element("div", { class: "palette-search" });
  private content: Content | undefined;
  private entries: Entry[] = [];
  private own: Entry[] = [];
  private at = 0;
  private waiting = 0;

  constructor(private readonly sprite: string) {
    const line = element("div", { class: "palette-line" });
    line.append(icon(sprite, "search"), this.field);
    this.search.append(line, this.list, this.count, this.keys);
    this.dialog.append(this.search);
    document.body.append(this.dialog);
    this.field.addEventListener("input", () => this.typed());
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
    this.dialog.addEventListener("close", () => this.leaveForm());
  }

  toggle(typed: string): void {
    if (this.dialog.open) {
      this.dialog.close();
      return;
    }
    this.field.value = typed;
    this.own = [];
    this.dialog.showModal();
    this.field.focus();
    this.show();
    void this.fetchContent();
  }

  private async fetchContent(): Promise<void> {
    const meta = document.querySelector<HTMLMetaElement>('meta[name="synfonium-object"]');
    const on = encodeURIComponent(meta?.content ?? "");
    const answer = await fetch(`/fabric/palette?on=${on}`, { headers: { accept: "application/json" } });
    if (!answer.ok) {
      location.assign("/fabric/actions");
      return;
    }
    this.content = (await answer.json()) as Content;
    const label = this.content.words["label"] ?? "";
    this.field.setAttribute("aria-label", label);
    this.field.placeholder = label;
    this.dialog.setAttribute("aria-label", label);
    this.list.setAttribute("aria-label", label);
    this.keys.textContent = this.content.words["keys"] ?? "";
    this.show();
  }

  // What is shown

  private typed(): void {
    this.own = [];
    this.show();
    clearTimeout(this.waiting);
    const query = this.field.value.trim();
    if (query.length > 1) this.waiting = window.setTimeout(() => void this.find(query), CALM_MS);
  }

  private async find(query: string): Promise<void> {
    const answer = await fetch(`/fabric/search?limit=5&q=${encodeURIComponent(query)}`);
    if (!answer.ok || query !== this.field.value.trim()) return;
    const told = (await answer.json()) as { hits: { title: string; url: string }[] };
    this.own = told.hits.map((hit) => ({
      id: `own ${hit.url}`,
      title: hit.title,
      beside: "",
      icon: "file",
      group: this.word("own"),
      run: () => location.assign(hit.url),
    }));
    this.show(this.entries[this.at]?.id);
  }

  private show(chosen = ""): void {
    this.entries = this.content ? this.fitting() : [];
    this.at = Math.max(
      0,
      this.entries.findIndex((entry) => entry.id === chosen),
    );
    this.list.replaceChildren(...this.groups());
    this.mark();
    const query = this.field.value.trim();
    this.count.textContent = query ? this.word("found").replace("{count}", String(this.entries.length)) : "";
  }

  private fitting(): Entry[] {
    const query = this.field.value.trim();
    const every = this.every();
    if (!query) {
      const lately = recent().flatMap((id) =>
        every.filter((entry) => entry.id === id && !id.startsWith("here ")),
      );
      const shown = lately.map((entry) => ({ ...entry, group: this.word("recent") }));
      const others = every.filter((entry) => !lately.includes(entry));
      return [
        ...others.filter((e) => e.id.startsWith("here ")),
        ...shown,
        ...others.filter((e) => !e.id.startsWith("here ")),
      ];
    }
    const scored = every
      .map((entry) => ({
        entry,
        score: fit(`${entry.title} ${entry.beside}`, query) + (recent().includes(entry.id) ? 0.5 : 0),
      }))
      .filter(({ score }) => score >= 1)
      .sort((a, b) => b.score - a.score);
    const best = scored.slice(0, MOST_SHOWN).map(({ entry }) => entry);
    const web: Entry = {
      id: "web",
      title: this.word("web").replace("{query}", query),
      beside: "",
      icon: "globe",
      group: "",
      run: () => location.assign(`/search?q=${encodeURIComponent(query)}`),
    };
    return [...grouped(best), ...this.own, web];
  }

  private every(): Entry[] {
    const { actions, pages, here } = this.content as Content;
    const onHere = actions.filter((action) => action.is_here).map((action) => this.ofAction(action, true));
    const others = actions.map((action) => this.ofAction(action, false));
    const places = pages.map((page) => ({
      id: `page ${page.path}`,
      title: page.title,
      beside: page.within,
      icon: page.icon,
      group: this.word("pages"),
      run: () => {
        remember(`page ${page.path}`);
        location.assign(page.path);
      },
    }));
    return here
      ? [...onHere, ...others.filter((one) => !onHere.some((on) => on.title === one.title)), ...places]
      : [...others, ...places];
  }

  private ofAction(action: Action, isHere: boolean): Entry {
    const here = isHere ? (this.content?.here ?? null) : null;
    const id = `action ${action.name}`;
    return {
      id: isHere ? `here ${action.name}` : id,
      title: action.title,
      beside: here?.title ?? action.app,
      icon: action.icon,
      group: isHere ? this.word("here") : this.word("actions"),
      run: () => {
        remember(id);
        this.openForm(action, isHere);
      },
    };
  }

  private groups(): HTMLElement[] {
    if (this.content && this.entries.length === 0)
      return [element("p", { class: "quiet" }, this.word("none"))];
    const made: HTMLElement[] = [];
    let name = "\n";
    let group = element("div", {});
    for (const [at, entry] of this.entries.entries()) {
      if (entry.group !== name) {
        name = entry.group;
        group = element("div", { role: "group", "aria-label": name || entry.title });
        if (name) group.append(element("p", { class: "palette-group", "aria-hidden": "true" }, name));
        made.push(group);
      }
      group.append(this.option(entry, at));
    }
    return made;
  }

  private option(entry: Entry, at: number): HTMLElement {
    const option = element("div", { role: "option", id: `palette-${at}` });
    option.append(icon(this.sprite, entry.icon), element("span", {}, entry.title));
    if (entry.beside) option.append(element("small", {}, entry.beside));
    option.addEventListener("pointermove", () => this.choose(at));
    option.addEventListener("click", () => entry.run());
    return option;
  }

  private choose(at: number): void {
    if (at === this.at) return;
    this.at = at;
    this.mark();
  }

  private mark(): void {
    for (const [at, option] of this.list.querySelectorAll("[role=option]").entries()) {
      option.setAttribute("aria-selected", String(at === this.at));
      if (at === this.at) option.scrollIntoView({ block: "nearest" });
    }
    if (this.entries.length) this.field.setAttribute("aria-activedescendant", `palette-${this.at}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  private key(event: KeyboardEvent): void {
    if (!this.search.isConnected || event.isComposing) return;
    const last = this.entries.length - 1;
    if (event.key === "ArrowDown") this.choose(this.at < last ? this.at + 1 : 0);
    else if (event.key === "ArrowUp") this.choose(this.at > 0 ? this.at - 1 : Math.max(0, last));
    else if (event.key === "PageDown") this.choose(last);
    else if (event.key === "PageUp") this.choose(0);
    else if (event.key === "Enter") this.entries[this.at]?.run();
    else return;
    event.preventDefault();
  }

  private word(name: string): string {
    return this.content?.words[name] ?? "";
  }

  // Doing it

  private openForm(action: Action, isHere: boolean): void {
    if (!this.content) return;
    const here = isHere ? this.content.here : null;
    const back = () => {
      this.leaveForm();
      this.field.focus();
    };
    const form = formOf(action, this.content, here, this.sprite, back, (done) => this.done(action, done));
    this.search.replaceWith(form);
    form.querySelector<HTMLElement>("input, select, textarea, button")?.focus();
  }

  private leaveForm(): void {
    if (!this.search.isConnected) this.dialog.replaceChildren(this.search);
  }

  private done(action: Action, done: Done): void {
    const told = {
      text: this.word("done").replace("{what}", action.title),
      page: done.page ?? "",
      open: this.word("open"),
      close: this.word("close"),
    };
    sessionStorage.setItem(TOAST, JSON.stringify(told));
    this.dialog.close();
    // A page that shows what was changed is loaded anew; it then says what was done.
    if (action.takes && document.querySelector('meta[name="synfonium-object"]')) location.reload();
    else tell();
  }
}

function grouped(entries: Entry[]): Entry[] {
  const names = [...new Set(entries.map((entry) => entry.group))];
  return names.flatMap((name) => entries.filter((entry) => entry.group === name));
}

/** Says what was done, with the way to it, until it is closed. */
export function tell(): void {
  const kept = sessionStorage.getItem(TOAST);
  sessionStorage.removeItem(TOAST);
  if (!kept) return;
  const told = JSON.parse(kept) as { text: string; page: string; open: string; close: string };
  document.querySelector(".toast")?.remove();
  const toast = element("div", { class: "toast", role: "status" });
  document.body.append(toast);
  toast.append(element("span", {}, told.text));
  if (/^(\/(?!\/)|https?:\/\/)/.test(told.page) && told.page !== location.pathname)
    toast.append(element("a", { class: "btn", href: told.page }, told.open));
  const close = element("button", { class: "btn", type: "button" }, told.close);
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
}
