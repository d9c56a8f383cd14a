/* What the palette shows, as the server says it, and which of it fits what was typed. */

export interface Field {
  name: string;
  title: string;
  hint: string;
  kind: "text" | "long" | "integer" | "number" | "boolean" | "choice" | "object" | "json";
  choices: string[];
  meant: unknown[];
  is_required: boolean;
  is_sent: boolean;
  value: string;
  least: number | null;
  most: number | null;
}

export interface Action {
  name: string;
  title: string;
  app: string;
  icon: string;
  effect: "look" | "change" | "beyond";
  takes: boolean;
  is_here: boolean;
  fields: Field[];
}

export interface Thing {
  address: string;
  title: string;
  icon: string;
}

export interface Content {
  words: Record<string, string>;
  here: Thing | null;
  actions: Action[];
  pages: { title: string; within: string; path: string; icon: string }[];
}

/** One line of the list. `run` is what Enter does. */
export interface Entry {
  id: string;
  title: string;
  beside: string;
  icon: string;
  group: string;
  run: () => void;
}

const RECENT = "synfonium.palette";
const MOST_RECENT = 5;

function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** How well a title fits; 0 when it does not. Beginnings of words count most, then letters in order. */
export function fit(title: string, typed: string): number {
  const text = plain(title);
  const wanted = plain(typed).split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return 1;
  let score = 0;
  for (const word of wanted) {
    const at = text.indexOf(word);
    if (at === 0) score += 4;
    else if (at > 0) score += /\s|[-’']/.test(text[at - 1] ?? "") ? 3 : 2;
    else if (inOrder(text, word)) score += 1;
    else return 0;
  }
  return score / wanted.length;
}

function inOrder(text: string, word: string): boolean {
  let at = -1;
  for (const letter of word) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return false;
  }
  return word.length > 1;
}

export function recent(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string").slice(0, MOST_RECENT) : [];
  } catch {
    return [];
  }
}

/** Ids of actions and pages alone, so that the device learns nothing of a person's things. */
export function remember(id: string): void {
  const kept = [id, ...recent().filter((one) => one !== id)].slice(0, MOST_RECENT);
  localStorage.setItem(RECENT, JSON.stringify(kept));
}
