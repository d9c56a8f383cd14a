/* Sending files and folders: by the form's button or by dropping; several small ones at once. */

import { begun, forgetBegun, rememberBegun } from "./begun";
import { dropped, type Item, picked } from "./drop";
import { marker } from "./over";
import { present } from "./present";
import { LARGE_BYTES, sendLarge } from "./resume";
import { sendSmall } from "./small";
import { Tray } from "./tray";

const SMALL_AT_ONCE = 4;
const LARGE_AT_ONCE = 1;
const CALM_MS = 400;

/** Takes over the form and the page as a place to drop on; `onSent` is called now and then while files
 * arrive. */
export function startUploads(listing: HTMLElement, onSent: () => void): void {
  const queue = new Queue(listing, onSent);
  const form = document.querySelector<HTMLFormElement>("form[data-send]");
  const whole = document.querySelector<HTMLInputElement>("input[data-folder-picker]");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const field = form.querySelector<HTMLInputElement>("input[type=file]:not([data-folder-picker])");
    const items = field ? picked(field, folderOf(listing)) : [];
    form.closest("details")?.removeAttribute("open");
    form.reset();
    void queue.add(items);
  });
  whole?.addEventListener("change", () => {
    const items = picked(whole, folderOf(listing));
    whole.closest("details")?.removeAttribute("open");
    whole.value = "";
    void queue.add(items);
  });
  document.querySelector("[data-pick-folder]")?.addEventListener("click", () => whole?.click());
  offerToGoOn(listing, whole);
  listenToDrops(listing, queue);
}

function folderOf(listing: HTMLElement): string {
  return listing.getAttribute("data-folder") ?? "";
}

/** Says which folder was cut when the page went; the browser lets nobody read it again but by a choice. */
function offerToGoOn(listing: HTMLElement, whole: HTMLInputElement | null): void {
  const left = begun(folderOf(listing));
  const note = document.querySelector<HTMLElement>("[data-begun]");
  if (!left || !note || !whole) return;
  note.hidden = false;
  const name = note.querySelector("[data-name]");
  if (name) name.textContent = left.name;
  note.querySelector("[data-go-on]")?.addEventListener("click", () => {
    note.hidden = true;
    whole.click();
  });
  note.querySelector("[data-leave]")?.addEventListener("click", () => {
    note.hidden = true;
    forgetBegun();
  });
}

function listenToDrops(listing: HTMLElement, queue: Queue): void {
  const place = document.querySelector<HTMLElement>("main");
  if (!place) return;
  const mark = marker();
  const targetOf = (event: DragEvent) => (event.target as Element).closest("[data-into]") ?? place;
  place.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    mark(targetOf(event));
  });
  place.addEventListener("dragleave", (event) => {
    if (!place.contains(event.relatedTarget as Node | null)) mark(null);
  });
  place.addEventListener("drop", async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const into = targetOf(event).getAttribute("data-into") ?? folderOf(listing);
    mark(null);
    await queue.add(await dropped(event.dataTransfer, into));
  });
}

class Queue {
  private readonly small: Item[] = [];
  private readonly large: Item[] = [];
  private readonly tray: Tray;
  private readonly active = { small: 0, large: 0 };
  private sentDue = false;

  constructor(
    listing: HTMLElement,
    private readonly onSent: () => void,
  ) {
    this.tray = new Tray(
      listing.dataset,
      (item) => this.put([item]),
      () => this.stop(),
    );
  }

  /** Sends them all; of folders, what is there already is left as it is. */
  async add(items: Item[]): Promise<void> {
    if (!items.length) return;
    this.tray.add(items);
    rememberBegun(items);
    const inFolders = items.filter((item) => item.path);
    const there = await present(inFolders).catch(() => new Set<Item>());
    for (const item of there) this.tray.done(item);
    this.put(items.filter((item) => !there.has(item)));
  }

  private put(items: Item[]): void {
    for (const item of items) (item.file.size > LARGE_BYTES ? this.large : this.small).push(item);
    window.addEventListener("beforeunload", warn);
    this.pump();
  }

  private pump(): void {
    while (this.active.small < SMALL_AT_ONCE && this.small.length) this.start("small", sendSmall);
    while (this.active.large < LARGE_AT_ONCE && this.large.length) this.start("large", sendLarge);
    if (this.active.small || this.active.large) return;
    window.removeEventListener("beforeunload", warn);
    forgetBegun();
    this.tray.finish();
  }

  private start(kind: "small" | "large", send: (item: Item, tray: Tray) => Promise<void>): void {
    const item = this[kind].shift();
    if (!item) return;
    this.active[kind] += 1;
    void send(item, this.tray).finally(() => {
      this.active[kind] -= 1;
      this.tell();
      this.pump();
    });
  }

  /** Nothing more is begun; what moves is stopped by its own button, or ends. */
  private stop(): void {
    for (const item of [...this.small.splice(0), ...this.large.splice(0)]) this.tray.stopped(item);
    this.tray.stopMoving();
  }

  private tell(): void {
    if (this.sentDue) return;
    this.sentDue = true;
    setTimeout(() => {
      this.sentDue = false;
      this.onSent();
    }, CALM_MS);
  }
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
