/* Sending a small file, whole in one request; what a lost connection cut is sent again. */

import { problemText } from "./ask";
import type { Item } from "./drop";
import { lineIsBack } from "./line";
import { present } from "./present";
import type { Tray } from "./tray";

const ATTEMPTS = 20;
/** No answer, too many at once, or a server that is just coming back: the same again may be taken. */
const PASSING = new Set([0, 408, 423, 429, 502, 503, 504]);

export async function sendSmall(item: Item, tray: Tray): Promise<void> {
  let stopped = false;
  let abort = () => {};
  tray.onStop(item, () => {
    stopped = true;
    abort();
    tray.stopped(item);
  });
  for (let attempt = 0; attempt < ATTEMPTS && !stopped; attempt += 1) {
    if (attempt) {
      tray.waiting(item);
      await lineIsBack();
      if (stopped) return;
      // Perhaps only the answer was lost.
      if ((await present([item]).catch(() => new Set<Item>())).has(item)) return tray.done(item);
    }
    const [status, problem] = await once(item, tray, (how) => {
      abort = how;
    });
    if (stopped) return;
    if (status === 200) return tray.done(item);
    if (!PASSING.has(status)) return tray.failed(item, problem);
  }
  if (!stopped) tray.failed(item, "");
}

function once(item: Item, tray: Tray, onAbort: (how: () => void) => void): Promise<[number, string]> {
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
    request.onloadend = () => resolve([request.status, problemText(request.response)]);
    onAbort(() => request.abort());
    request.send(form);
  });
}
