/* Sending files: by the form's button or by dropping, one after the other, with progress. */

import { dropped, type Item } from "./drop";
import { LARGE_BYTES, sendLarge } from "./resume";
import { Tray } from "./tray";

/** Takes over the form and the page as a place to drop on; `onSent` is called after each file. */
export function startUploads(listing: HTMLElement, onSent: () => void): void {
  const queue = new Queue(listing, onSent);
  const form = document.querySelector<HTMLFormElement>("form[data-send]");
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const files = [...(form.querySelector<HTMLInputElement>("input[type=file]")?.files ?? [])];
    form.closest("details")?.removeAttribute("open");
    form.reset();
    queue.add(files.map((file) => ({ file, path: "", folder: folderOf(listing) })));
  });
  listenToDrops(listing, queue);
}

function folderOf(listing: HTMLElement): string {
  return listing.getAttribute("data-folder") ?? "";
}

function listenToDrops(listing: HTMLElement, queue: Queue): void {
  const place = document.querySelector<HTMLElement>("main");
  if (!place) return;
  let over: Element | null = null;
  const mark = (target: Element | null) => {
    if (over === target) return;
    over?.classList.remove("over");
    target?.classList.add("over");
    over = target;
  };
  const targetOf = (event: DragEvent) => (event.target as Element).closest("tr[data-into]") ?? place;
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
    queue.add(await dropped(event.dataTransfer, into));
  });
}

class Queue {
  private readonly waiting: Item[] = [];
  private readonly tray: Tray;
  private running = false;

  constructor(
    listing: HTMLElement,
    private readonly onSent: () => void,
  ) {
    this.tray = new Tray(listing.dataset);
  }

  add(items: Item[]): void {
    for (const item of items) this.tray.add(item);
    this.waiting.push(...items);
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    window.addEventListener("beforeunload", warn);
    for (let item = this.waiting.shift(); item; item = this.waiting.shift()) {
      await (item.file.size > LARGE_BYTES ? sendLarge(item, this.tray) : send(item, this.tray));
      this.onSent();
    }
    window.removeEventListener("beforeunload", warn);
    this.tray.finish();
    this.running = false;
  }
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Sends one file; how it went stands in the tray. */
function send(item: Item, tray: Tray): Promise<void> {
  const form = new FormData();
  if (item.path) form.append("path", item.path);
  form.append("modified", String(item.file.lastModified));
  form.append("file", item.file, item.file.name);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/drive/upload/${item.folder}`);
    request.setRequestHeader("accept", "application/json");
    request.responseType = "json";
    request.upload.onprogress = (event) => tray.progress(item, event.loaded);
    request.onload = () => {
      if (request.status === 200) tray.done(item);
      else tray.failed(item, problemText(request.response));
    };
    request.onerror = () => tray.failed(item, "");
    request.onabort = () => tray.failed(item, "");
    request.onloadend = () => resolve();
    tray.onStop(item, () => request.abort());
    request.send(form);
  });
}

function problemText(problem: unknown): string {
  if (typeof problem !== "object" || problem === null) return "";
  const { title = "", detail = "" } = problem as { title?: string; detail?: string };
  return `${title} ${detail}`.trim();
}
