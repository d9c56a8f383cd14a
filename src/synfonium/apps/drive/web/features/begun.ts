/* A folder that was being sent when the page went: it is remembered, and goes on when it is chosen again. */

import type { Item } from "./drop";

const KEY = "drive.begun";

interface Begun {
  /** Where it goes. */
  folder: string;
  /** What it is called. */
  name: string;
  count: number;
}

export function rememberBegun(items: Item[]): void {
  const first = items.find((item) => item.path);
  if (!first) return;
  const name = first.path.split("/")[0] ?? "";
  localStorage.setItem(KEY, JSON.stringify({ folder: first.folder, name, count: items.length }));
}

export function forgetBegun(): void {
  localStorage.removeItem(KEY);
}

/** What was left in this folder. */
export function begun(folder: string): Begun | undefined {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "null") as Begun | null;
    return found?.folder === folder ? found : undefined;
  } catch {
    return undefined;
  }
}
