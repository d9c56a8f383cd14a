/* What is done with rows: the trash and back, another name, the folder above, the list of keys. */

import { ask } from "./ask";
import { idOf, nameOf, type Rows } from "./rows";
import type { Selection } from "./select";
import { say } from "./toast";

/** As many as the server takes at once, all or none. */
const AT_ONCE = 500;

export class Acts {
  private last: (() => Promise<void>) | undefined;

  constructor(
    private readonly listing: HTMLElement,
    private readonly rows: Rows,
    private readonly selection: Selection,
    private readonly refresh: () => Promise<void>,
  ) {
    listing.addEventListener("click", (event) => this.onClick(event));
    listing.addEventListener("submit", (event) => this.onSubmit(event));
  }

  up(): boolean {
    const { up } = this.listing.dataset;
    if (up) location.assign(up);
    return Boolean(up);
  }

  help(): boolean {
    document.querySelector<HTMLDialogElement>("dialog#keys")?.showModal();
    return true;
  }

  undo(): boolean {
    const { last } = this;
    this.last = undefined;
    if (last) void last();
    return last !== undefined;
  }

  /** What is chosen, or else the row. */
  trash(row: HTMLElement | null): boolean {
    const button = this.listing.querySelector("[data-act=trash]");
    const ids = this.selection.chosen.size ? [...this.selection.chosen] : [idOf(row)];
    if (!button || !ids[0]) return false;
    void this.throwAway(ids);
    return true;
  }

  rename(row: HTMLElement | null): boolean {
    const { chosen } = this.selection;
    const one = row ?? (chosen.size === 1 ? this.rows.find([...chosen][0] ?? "") : null);
    const dialog = document.querySelector<HTMLDialogElement>("dialog#rename-here");
    if (!dialog || !one || !idOf(one)) return false;
    this.openName(dialog, one, idOf(one));
    return true;
  }

  private openName(dialog: HTMLDialogElement, row: HTMLElement, id: string): void {
    const field = dialog.querySelector<HTMLInputElement>("input[name=name]");
    const wrong = dialog.querySelector<HTMLElement>(".wrong");
    const form = dialog.querySelector("form");
    if (!field || !form || !wrong) return;
    const name = nameOf(row);
    field.value = name;
    wrong.hidden = true;
    form.onsubmit = async (event) => {
      event.preventDefault();
      const refused =
        field.value === name ? "" : await ask(`/drive/node/${id}/rename`, [["name", field.value]]);
      wrong.textContent = refused;
      wrong.hidden = !refused;
      if (refused) return;
      dialog.close();
      await this.refresh();
      this.rows.focus(this.rows.find(id) ?? undefined);
    };
    for (const close of dialog.querySelectorAll<HTMLElement>("[data-close]"))
      close.onclick = () => dialog.close();
    dialog.showModal();
    const dot = row.hasAttribute("data-into") ? -1 : name.lastIndexOf(".");
    field.setSelectionRange(0, dot > 0 ? dot : name.length);
  }

  private async throwAway(ids: string[]): Promise<void> {
    const focused = this.rows.of(document.activeElement);
    const left = this.rows.all().filter((row) => !ids.includes(idOf(row)));
    const next = left.find((row) => focused && follows(focused, row)) ?? left.at(-1);
    const refused = await inParts("/drive/trash", ids);
    this.selection.clear();
    await this.refresh();
    this.rows.focus(this.rows.find(idOf(next)) ?? undefined);
    if (refused) {
      say(`${this.word("sayRefused")} ${refused}`);
      return;
    }
    this.last = async () => {
      const why = await inParts("/drive/trash/restore", ids);
      await this.refresh();
      this.rows.focus(this.rows.find(ids[0] ?? "") ?? undefined);
      say(why ? `${this.word("sayRefused")} ${why}` : this.word("sayUndone"));
    };
    const words = this.word(ids.length === 1 ? "sayTrashedOne" : "sayTrashed").replace(
      "{n}",
      String(ids.length),
    );
    say(words, [this.word("sayUndo"), () => this.undo()]);
  }

  private onClick(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const act = target.closest("[data-act]")?.getAttribute("data-act");
    if (act === "clear") this.selection.clear();
    if (act === "rename") this.rename(null);
    const button = target.closest<HTMLElement>("button[data-menu]");
    if (button) this.openMenu(button, event);
    // A download leaves the page as it is: its menu closes all the same.
    target.closest(".menu a")?.closest("details")?.removeAttribute("open");
  }

  /** Of a light row: the menu is made when it is asked for. */
  private openMenu(button: HTMLElement, event: MouseEvent): void {
    const row = this.rows.of(button);
    const kind = row?.hasAttribute("data-into") ? "folder" : "file";
    const made = document.querySelector<HTMLTemplateElement>(`template[data-menu=${kind}]`);
    if (!row || !made) return;
    event.preventDefault();
    const pop = document.createElement("details");
    pop.className = "pop";
    pop.setAttribute("data-pop", "");
    const summary = document.createElement("summary");
    summary.className = "ib";
    summary.setAttribute("aria-label", button.getAttribute("aria-label") ?? "");
    summary.append(...button.childNodes);
    const menu = document.createElement("div");
    menu.className = "menu";
    menu.append(made.content.cloneNode(true));
    for (const link of menu.querySelectorAll("a")) link.href = link.href.replace("NODE", idOf(row));
    for (const one of menu.querySelectorAll("button")) one.value = idOf(row);
    pop.append(summary, menu);
    button.replaceWith(pop);
    // After this click, which would shut it again.
    setTimeout(() => {
      pop.open = true;
      summary.focus();
    });
  }

  /** The trash needs no page of its own: what was said of it stands at the foot, with the way back. */
  private onSubmit(event: SubmitEvent): void {
    const form = event.target as HTMLFormElement;
    const button = event.submitter as HTMLButtonElement | null;
    if (form.getAttribute("action") !== "/drive/trash" || button?.hasAttribute("formaction")) return;
    event.preventDefault();
    const ids = button?.name === "node" ? [button.value] : [...this.selection.chosen];
    if (ids.length) void this.throwAway(ids);
  }

  private word(name: string): string {
    return this.listing.dataset[name] ?? "";
  }
}

async function inParts(path: string, ids: string[]): Promise<string> {
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const refused = await ask(
      path,
      ids.slice(at, at + AT_ONCE).map((id) => ["node", id]),
    );
    if (refused) return refused;
  }
  return "";
}

function follows(row: HTMLElement, other: HTMLElement): boolean {
  return Boolean(row.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
}
