/* Tells the parts of a stranger's code apart, away from the page: what takes too long is ended with it. */

import library from "highlight.js/lib/core";
import { learn } from "./languages";
import { type Run, Runs } from "./runs";

export interface Ask {
  language: string;
  text: string;
}

library.configure({ __emitter: Runs });

async function parts({ language, text }: Ask): Promise<Run[][]> {
  if (!(await learn(library, language))) return [];
  const found = library.highlight(text, { language, ignoreIllegals: true });
  const emitter: unknown = found._emitter;
  return emitter instanceof Runs ? emitter.lines() : [];
}

self.addEventListener("message", async (event: MessageEvent<Ask>) => {
  self.postMessage(await parts(event.data));
});
