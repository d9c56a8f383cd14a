/* The connection: lost for one, it is lost for all, and asked for again until it is there. */

const FIRST_MS = 500;
const LONGEST_MS = 15_000;
const PROBE = "/drive/changes?wait_s=0";

let waiting: Promise<void> | undefined;

/** Resolves when the server answers again. */
export function lineIsBack(): Promise<void> {
  waiting ??= probe().finally(() => {
    waiting = undefined;
  });
  return waiting;
}

async function probe(): Promise<void> {
  for (let wait_ms = FIRST_MS; ; wait_ms = Math.min(LONGEST_MS, wait_ms * 2)) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait_ms);
      const now = () => {
        clearTimeout(timer);
        resolve();
      };
      window.addEventListener("online", now, { once: true });
    });
    try {
      await fetch(PROBE, { method: "GET", cache: "no-store" });
      return;
    } catch {
      // Not yet.
    }
  }
}
