/* Gives the code on a file's page its colours. Without it, or when it takes too long, the text stands there. */

import type { Run } from "./code/runs";
import type { Ask } from "./code/worker";

const MOST_MS = 4000;
/* Each kind that has a colour of its own, by what highlight.js calls it; all others look like text. */
const COLOURS: Record<string, string> = {
  keyword: "word",
  "selector-tag": "word",
  name: "word",
  tag: "mark",
  built_in: "known",
  type: "known",
  class: "known",
  literal: "value",
  number: "value",
  symbol: "value",
  string: "string",
  regexp: "string",
  char: "string",
  "meta-string": "string",
  link: "string",
  comment: "comment",
  doctag: "comment",
  quote: "comment",
  title: "title",
  section: "title",
  "selector-class": "title",
  "selector-id": "title",
  attr: "attribute",
  attribute: "attribute",
  property: "attribute",
  variable: "attribute",
  "template-variable": "attribute",
  meta: "meta",
  subst: "",
  addition: "added",
  deletion: "gone",
};

function piece([kind, text]: Run): Node {
  const colour = COLOURS[kind];
  if (!colour) return document.createTextNode(text);
  const span = document.createElement("span");
  span.className = `c-${colour}`;
  span.textContent = text;
  return span;
}

/** Only where the lines are those that stand there: nothing is ever lost for a colour. */
function paint(rows: HTMLElement[], lines: Run[][]): void {
  rows.forEach((row, index) => {
    const line = lines[index] ?? [];
    const said = line.map(([, text]) => text).join("");
    const end = row.textContent?.endsWith("\n") ? "\n" : "";
    if (said + end === row.textContent) row.replaceChildren(...line.map(piece), end);
  });
}

function colour(place: HTMLElement, language: string): void {
  const worker = new Worker(new URL("./code/worker.ts", import.meta.url), { type: "module" });
  const timer = setTimeout(() => worker.terminate(), MOST_MS);
  const rows = [...place.querySelectorAll<HTMLElement>(".row")];
  worker.addEventListener("message", (event: MessageEvent<Run[][]>) => {
    clearTimeout(timer);
    worker.terminate();
    paint(rows, event.data);
    place.dataset["painted"] = "";
  });
  worker.postMessage({ language, text: place.textContent ?? "" } satisfies Ask);
}

for (const place of document.querySelectorAll<HTMLElement>("pre[data-language]")) {
  colour(place, place.dataset["language"] ?? "");
}
