/* Giving out what a vault holds: shown in the page, or saved. */

import { openedSize } from "./content";
import type { Lock } from "./lock";
import { contentUrl, type Entry } from "./stored";

const MOST_SHOWN_BYTES = 30 * 1024 * 1024;
const MOST_TEXT_BYTES = 1024 * 1024;
/** Above it a browser may not hold the whole file; one that can write to the disk as it comes needs not. */
const MOST_HELD_BYTES = 500 * 1024 * 1024;
const REVOKED_AFTER_MS = 60_000;
const IMAGES = /\.(png|jpe?g|gif|webp|avif|bmp)$/i;
const TEXTS =
  /\.(txt|md|markdown|csv|tsv|json|log|ini|toml|ya?ml|xml|html?|css|[jt]s|py|sh|c|h|rs|go|java)$/i;

interface Writable {
  write(piece: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

type Picker = (options: { suggestedName: string }) => Promise<{ createWritable(): Promise<Writable> }>;

/** Shows an image or a text in the page; whether it is one. */
export async function show(page: HTMLElement, lock: Lock, entry: Entry): Promise<boolean> {
  const size = openedSize(entry.size_bytes);
  const isImage = IMAGES.test(entry.title) && size <= MOST_SHOWN_BYTES;
  const isText = TEXTS.test(entry.title) && size <= MOST_TEXT_BYTES;
  if (!isImage && !isText) return false;
  const content = await whole(lock, entry);
  const shown = isImage ? await picture(content, entry.title) : await text(content);
  if (!shown) return false;
  const dialog = page.querySelector<HTMLDialogElement>("dialog");
  const name = dialog?.querySelector("h2");
  if (!dialog || !name) return false;
  name.textContent = entry.title;
  dialog.querySelector("[data-shown]")?.replaceChildren(shown);
  dialog.showModal();
  return true;
}

/** Drawn and not linked: an image is never more than its pixels here. null for what is no image. */
async function picture(content: Blob, title: string): Promise<HTMLElement | null> {
  const bitmap = await createImageBitmap(content).catch(() => null);
  if (!bitmap) return null;
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", title);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas;
}

async function text(content: Blob): Promise<HTMLElement> {
  const excerpt = document.createElement("pre");
  excerpt.className = "excerpt";
  excerpt.textContent = await content.text();
  return excerpt;
}

/** Saves the file; one that is damaged is not saved at all. Throws an Error that says what is wrong. */
export async function save(page: HTMLElement, lock: Lock, entry: Entry): Promise<void> {
  if (!entry.is_file) return;
  if (openedSize(entry.size_bytes) <= MOST_HELD_BYTES) {
    give(await whole(lock, entry), entry.title);
    return;
  }
  const pick = (window as { showSaveFilePicker?: Picker }).showSaveFilePicker;
  if (!pick) {
    const place = page.querySelector<HTMLElement>("[data-said]");
    if (!place) return;
    place.textContent = page.getAttribute("data-say-large");
    place.hidden = false;
    return;
  }
  const writable = await (await pick.call(window, { suggestedName: entry.title })).createWritable();
  try {
    for await (const piece of lock.read(contentUrl(entry.id), entry.size_bytes)) await writable.write(piece);
    await writable.close();
  } catch (fault) {
    // What was written so far lies in a file of the browser's own, and goes with it.
    await writable.abort();
    throw fault;
  }
}

async function whole(lock: Lock, entry: Entry): Promise<Blob> {
  const pieces: Blob[] = [];
  for await (const piece of lock.read(contentUrl(entry.id), entry.size_bytes)) pieces.push(new Blob([piece]));
  return new Blob(pieces);
}

function give(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKED_AFTER_MS);
}
