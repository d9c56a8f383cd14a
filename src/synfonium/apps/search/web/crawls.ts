// Keeps the list of crawls on the administrators' page up to date while one runs.

interface Report {
  indexed: number;
  fetched: number;
  failed: number;
  forbidden: number;
  waiting: number;
}
interface Crawl {
  id: string;
  state: string;
  max_pages: number;
  report: Report;
}

const PAUSE_MS = 2000;
const list = document.querySelector<HTMLElement>("[data-crawls]");

function show(row: HTMLElement, crawl: Crawl): void {
  for (const key of ["indexed", "waiting", "failed", "forbidden"] as const) {
    const place = row.querySelector(`[data-${key}]`);
    if (place) place.textContent = crawl.report[key].toLocaleString(document.documentElement.lang);
  }
  const bar = row.querySelector("progress");
  if (bar) bar.value = crawl.report.fetched;
}

async function refresh(address: string): Promise<void> {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const { crawls } = (await answer.json()) as { crawls: Crawl[] };
  for (const crawl of crawls) {
    const row = list?.querySelector<HTMLElement>(`[data-crawl="${crawl.id}"]`);
    if (!row) continue;
    // The page itself knows how a crawl that has ended looks.
    if (row.dataset["state"] !== crawl.state) return location.reload();
    show(row, crawl);
  }
}

async function watch(address: string): Promise<void> {
  while (list?.querySelector('[data-state="running"]')) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (document.visibilityState === "visible") await refresh(address).catch(() => undefined);
  }
}

/** The page of one crawl: what the server drew anew takes the place of what it drew before. */
async function redraw(place: HTMLElement): Promise<HTMLElement | null> {
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
  if (!answer.ok) return place;
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = drawn.querySelector<HTMLElement>("[data-live]");
  if (!fresh) {
    location.reload();
    return null;
  }
  place.replaceWith(document.adoptNode(fresh));
  return fresh;
}

async function watchOne(first: HTMLElement): Promise<void> {
  let place: HTMLElement | null = first;
  while (place) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const now: HTMLElement = place;
    if (document.visibilityState === "visible") place = await redraw(now).catch(() => now);
  }
}

const live = document.querySelector<HTMLElement>("[data-live]");
if (live) void watchOne(live);
if (list?.dataset["crawls"]) void watch(list.dataset["crawls"]);

export {};
