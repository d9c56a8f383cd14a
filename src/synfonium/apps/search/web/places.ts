// Moves the map by dragging, by the wheel and by its links without a new page. Every step is an address
// that works by itself: this only fetches it and puts its parts in their places.

const WIDTH = 800;
const TILE = 256;
const PAUSE_MS = 180;

interface View {
  lat: number;
  lon: number;
  zoom: number;
}

const main = document.querySelector<HTMLElement>("main");
let asked: AbortController | null = null;

function figure(): HTMLElement | null {
  return document.querySelector<HTMLElement>("[data-map]");
}

function view(map: HTMLElement): View {
  return {
    lat: Number(map.dataset["lat"]),
    lon: Number(map.dataset["lon"]),
    zoom: Number(map.dataset["zoom"]),
  };
}

/** The view moved by pixels of the drawing (Web Mercator). */
function moved(from: View, right: number, down: number): View {
  const world = TILE * 2 ** from.zoom;
  const y = Math.asinh(Math.tan((from.lat * Math.PI) / 180)) - (down / world) * 2 * Math.PI;
  const lon = ((((from.lon + (right / world) * 360 + 180) % 360) + 360) % 360) - 180;
  return { ...from, lat: (Math.atan(Math.sinh(y)) * 180) / Math.PI, lon };
}

function address(to: View): string {
  const query = new URLSearchParams(location.search);
  query.set("lat", to.lat.toFixed(6));
  query.set("lon", to.lon.toFixed(6));
  query.set("z", String(Math.min(18, Math.max(3, to.zoom))));
  return `${location.pathname}?${query}`;
}

async function go(href: string): Promise<void> {
  asked?.abort();
  asked = new AbortController();
  figure()?.classList.add("busy");
  try {
    const answer = await fetch(href, { signal: asked.signal, headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-map]");
    const old = figure();
    if (!answer.ok || !fresh || !old) return location.assign(href);
    const move = (document.activeElement as HTMLElement | null)?.dataset["move"];
    old.replaceWith(document.adoptNode(fresh));
    history.replaceState(null, "", href);
    if (move) figure()?.querySelector<HTMLElement>(`[data-move="${move}"]`)?.focus();
  } catch (failure) {
    if ((failure as Error).name !== "AbortError") location.assign(href);
  }
}

function follow(event: MouseEvent): void {
  const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-move]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  void go(link.href);
}

function drag(down: PointerEvent): void {
  const map = figure();
  const sheet = (down.target as Element).closest<SVGSVGElement>("[data-sheet]");
  if (!map || !sheet || down.button !== 0 || down.pointerType === "touch") return;
  const scale = WIDTH / sheet.getBoundingClientRect().width;
  let moved_px = 0;
  const shift = (move: PointerEvent): void => {
    const [x, y] = [move.clientX - down.clientX, move.clientY - down.clientY];
    moved_px = Math.hypot(x, y);
    sheet.setAttribute("viewBox", `${-x * scale} ${-y * scale} 800 520`);
  };
  const drop = (up: PointerEvent): void => {
    removeEventListener("pointermove", shift);
    removeEventListener("pointerup", drop);
    if (moved_px < 4) return;
    // A drag that ends on a pin is no click on it.
    sheet.addEventListener("click", (click) => click.preventDefault(), { once: true, capture: true });
    void go(
      address(moved(view(map), (down.clientX - up.clientX) * scale, (down.clientY - up.clientY) * scale)),
    );
  };
  down.preventDefault();
  addEventListener("pointermove", shift);
  addEventListener("pointerup", drop);
}

let turned = 0;
let waiting = 0;

function zoom(event: WheelEvent): void {
  const map = figure();
  if (!map || !(event.target as Element).closest("[data-sheet]") || !event.ctrlKey) return;
  event.preventDefault();
  turned += event.deltaY < 0 ? 1 : -1;
  clearTimeout(waiting);
  waiting = window.setTimeout(() => {
    const from = view(map);
    const steps = Math.sign(turned);
    turned = 0;
    void go(address({ ...from, zoom: from.zoom + steps }));
  }, PAUSE_MS);
}

main?.addEventListener("click", follow);
main?.addEventListener("pointerdown", drag);
main?.addEventListener("wheel", zoom, { passive: false });

export {};
