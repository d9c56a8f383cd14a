// Results while one types. The web is asked with nobody's name on the question: no cookie, no
// referrer. Own things are asked as oneself. They meet on this page and nowhere else.

interface WebHit {
  url: string;
  title: string;
  snippet: string;
  host: string;
  lang: string;
}
interface OwnHit {
  url: string;
  title: string;
  snippet: string;
}
interface Piece {
  text: string;
  isHit: boolean;
}

const PAUSE_MS = 250;
const OWN_HITS = 8;
const SHORTEST = 2;
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#x27": "'", "#39": "'" };
const field = document.querySelector<HTMLInputElement>("form[role=search] input[name=q]");
const web = document.querySelector<HTMLElement>("[data-found=web]");
const own = document.querySelector<HTMLElement>("[data-found=mine]");
let asking = new AbortController();
let timer = 0;

/** Escaped HTML with `<b>` around the words found, as plain pieces. */
function bolded(snippet: string): Piece[] {
  return snippet.split(/<b>(.*?)<\/b>/s).map((text, at) => ({
    text: text.replace(/&(amp|lt|gt|quot|#x27|#39);/g, (_, name: string) => ENTITIES[name] ?? ""),
    isHit: at % 2 === 1,
  }));
}

function folded(word: string): string {
  return word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** `text` in pieces, each with whether it is a word of the question; case and accents aside. */
function marked(text: string, q: string): Piece[] {
  const wanted = new Set(
    q
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => word.length > 1)
      .map(folded),
  );
  const pieces = text.split(/([\p{L}\p{N}]+)/u);
  return pieces.map((piece) => ({ text: piece, isHit: wanted.has(folded(piece)) }));
}

function fill(row: DocumentFragment, part: string, pieces: Piece[]): void {
  const nodes = pieces.map(({ text, isHit }) => {
    if (!isHit) return document.createTextNode(text);
    const mark = document.createElement("mark");
    mark.textContent = text;
    return mark;
  });
  row.querySelector(`[data-part=${part}]`)?.replaceChildren(...nodes);
}

/** A copy of the section's row, leading to `url`; none when that would not lead to a page. */
function row(section: HTMLElement, url: string, lang = ""): DocumentFragment | null {
  const shape = section.querySelector<HTMLTemplateElement>("template[data-row]");
  if (!shape || !/^(https?:\/\/|\/(?![/\\]))/.test(url)) return null;
  const made = shape.content.cloneNode(true) as DocumentFragment;
  const link = made.querySelector("a");
  if (link) link.href = url;
  if (link && lang) link.lang = lang;
  return made;
}

function show(section: HTMLElement, rows: (DocumentFragment | null)[]): void {
  const list = section.querySelector("[data-hits]");
  if (!list) return; // this search did not answer when the page was made; the page says so
  const found = rows.filter((made) => made !== null);
  list.replaceChildren(...found);
  section.querySelector("[data-none]")?.toggleAttribute("hidden", found.length > 0);
  // What the page counted, and its further pages, are of another question.
  for (const old of section.querySelectorAll("[data-once]")) old.remove();
}

async function ask<T>(address: string, options: RequestInit): Promise<T | null> {
  const answer = await fetch(address, { ...options, headers: { accept: "application/json" } });
  return answer.ok ? ((await answer.json()) as T) : null;
}

async function askWeb(section: HTMLElement, q: string, signal: AbortSignal): Promise<void> {
  const address = `/api/search?${new URLSearchParams({ q })}`;
  const options: RequestInit = { signal, credentials: "omit", referrerPolicy: "no-referrer" };
  const answer = await ask<{ results: WebHit[] }>(address, options);
  if (!answer) return;
  const rows = answer.results.map((hit) => {
    const made = row(section, hit.url, hit.lang);
    if (!made) return null;
    fill(made, "host", [{ text: hit.host, isHit: false }]);
    fill(made, "title", marked(hit.title || hit.url, q));
    fill(made, "snippet", marked(hit.snippet, q));
    return made;
  });
  show(section, rows);
}

async function askOwn(section: HTMLElement, q: string, signal: AbortSignal): Promise<void> {
  const address = `/fabric/search?${new URLSearchParams({ q, limit: String(OWN_HITS) })}`;
  const answer = await ask<{ hits: OwnHit[] }>(address, { signal });
  if (!answer) return;
  const rows = answer.hits.map((hit) => {
    const made = row(section, hit.url);
    if (!made) return null;
    fill(made, "title", marked(hit.title, q));
    fill(made, "snippet", bolded(hit.snippet));
    return made;
  });
  show(section, rows);
}

/** Asks both; a question that was overtaken by the next one is dropped. */
async function refresh(q: string): Promise<void> {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  await Promise.allSettled([web && askWeb(web, q, signal), own && askOwn(own, q, signal)]);
}

field?.addEventListener("input", () => {
  clearTimeout(timer);
  const q = field.value.trim();
  if (q.length >= SHORTEST) timer = window.setTimeout(() => void refresh(q), PAUSE_MS);
});

export {};
