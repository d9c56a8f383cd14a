// Shows how far a backup or a trial is while it runs, and the page anew when it has ended.

interface Now {
  run: string;
  done: number;
  total: number;
}

const PAUSE_MS = 1500;
const part = document.querySelector<HTMLElement>("[data-now]");

async function ask(address: string): Promise<Now | undefined> {
  const answer = await fetch(address, { headers: { accept: "application/json" } });
  return answer.ok ? ((await answer.json()) as Now) : undefined;
}

async function watch(place: HTMLElement, address: string): Promise<void> {
  const bar = place.querySelector("progress");
  let seen = false;
  for (let tries = 0; tries < 20_000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (document.visibilityState !== "visible") continue;
    const now = await ask(address).catch(() => undefined);
    if (!now) continue;
    if (!now.run && (seen || tries > 20)) return location.reload();
    seen ||= now.run !== "";
    if (bar && now.total > 0) {
      bar.max = now.total;
      bar.value = now.done;
    }
  }
}

if (part?.dataset["now"]) void watch(part, part.dataset["now"]);

// A module: its names are its own.
export {};
