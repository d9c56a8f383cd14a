// Keeps the numbers of a move up to date while it runs.

interface Progress {
  state: string;
  files: number;
  bytes: number;
  done: number;
  done_bytes: number;
  not_taken: number;
}

const PAUSE_MS = 1000;
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const place = document.querySelector<HTMLElement>("#move[data-progress]");
const language = document.documentElement.lang;

function size(bytes: number): string {
  const step = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const style = { style: "unit", unit: UNITS[step] ?? "byte", maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, style).format(bytes / 1000 ** step);
}

function put(name: string, text: string): void {
  const found = place?.querySelector(`[data-${name}]`);
  if (found) found.textContent = text;
}

function show(told: Progress): void {
  put("done", told.done.toLocaleString(language));
  put("files", told.files.toLocaleString(language));
  put("bytes", size(told.done_bytes));
  put("not-taken", told.not_taken.toLocaleString(language));
  const bar = place?.querySelector("progress");
  if (!bar?.hasAttribute("value")) return;
  bar.value = told.bytes ? told.done_bytes : told.done + told.not_taken;
}

async function look(address: string, first: { counted: boolean; failed: boolean }): Promise<void> {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const told = (await answer.json()) as Progress;
  // The page itself knows how a move looks in another state.
  const counted = told.state === "running" && told.done > 0 && !first.counted;
  const failed = told.not_taken > 0 && !first.failed;
  if (told.state !== place?.dataset["state"] || counted || failed) return location.reload();
  show(told);
}

async function watch(address: string): Promise<void> {
  const first = {
    counted: place?.querySelector("progress[value]") !== null,
    failed: place?.querySelector("[data-not-taken]") !== null,
  };
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (document.visibilityState === "visible") await look(address, first).catch(() => undefined);
  }
}

const address = place?.dataset["progress"];
if (address) void watch(address);

export {};
