/* Dragging entries: onto a folder or a step of the trail to move them, out to the desktop to take them. */

import { ask } from "./ask";
import { marker } from "./over";
import { idOf, nameOf, type Rows } from "./rows";
import type { Selection } from "./select";
import { say } from "./toast";

const KIND = "application/x-synfonium-nodes";

export function startDragging(
  listing: HTMLElement,
  rows: Rows,
  selection: Selection,
  refresh: () => Promise<void>,
): void {
  const main = document.querySelector("main");
  if (!main) return;
  const mark = marker();
  const targetOf = (event: DragEvent) => {
    const target = (event.target as Element).closest("[data-into]");
    const into = target?.getAttribute("data-into") ?? "";
    return into && !selection.chosen.has(into) && into !== listing.getAttribute("data-folder")
      ? target
      : null;
  };
  listing.addEventListener("dragstart", (event) => onStart(event, rows, selection));
  document.addEventListener("dragend", () => {
    document.documentElement.classList.remove("dragging");
    mark(null);
  });
  main.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes(KIND)) return;
    const target = targetOf(event);
    mark(target);
    if (target) event.preventDefault();
  });
  main.addEventListener("drop", (event) => {
    const target = event.dataTransfer?.types.includes(KIND) ? targetOf(event) : null;
    if (!target) return;
    event.preventDefault();
    const ids = JSON.parse(event.dataTransfer?.getData(KIND) ?? "[]") as string[];
    void move(listing, ids, target.getAttribute("data-into") ?? "", selection, refresh);
  });
}

function onStart(event: DragEvent, rows: Rows, selection: Selection): void {
  const row = rows.of(event.target);
  const id = idOf(row);
  const transfer = event.dataTransfer;
  if (!row || !id || !transfer) return;
  if (!selection.chosen.has(id)) selection.only(id);
  transfer.clearData();
  transfer.setData(KIND, JSON.stringify([...selection.chosen]));
  transfer.effectAllowed = "copyMove";
  if (selection.chosen.size === 1) offerDownload(transfer, row, id);
  document.documentElement.classList.add("dragging");
}

/** What Chromium makes a file of, when it is let go over the desktop. */
function offerDownload(transfer: DataTransfer, row: HTMLElement, id: string): void {
  const isFolder = row.hasAttribute("data-into");
  const url = new URL(`/drive/node/${id}/${isFolder ? "zip" : "download"}`, location.href).href;
  const name = `${nameOf(row).replaceAll(":", "_")}${isFolder ? ".zip" : ""}`;
  transfer.setData("DownloadURL", `application/octet-stream:${name}:${url}`);
  transfer.setData("text/uri-list", url);
}

async function move(
  listing: HTMLElement,
  ids: string[],
  into: string,
  selection: Selection,
  refresh: () => Promise<void>,
): Promise<void> {
  const from = listing.getAttribute("data-folder") ?? "";
  const word = (name: string) => listing.dataset[name] ?? "";
  const put = (where: string) =>
    ask("/drive/move", [...ids.map((id): [string, string] => ["node", id]), ["into", where]]);
  const refused = await put(into);
  if (refused) {
    say(`${word("sayRefused")} ${refused}`);
    return;
  }
  selection.clear();
  await refresh();
  const said = word(ids.length === 1 ? "sayMovedOne" : "sayMoved").replace("{n}", String(ids.length));
  say(said, [word("sayUndo"), () => void put(from).then(refresh)]);
}
