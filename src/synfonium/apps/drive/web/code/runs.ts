/* What a piece of code is made of: runs of text and what each is, gathered as highlight.js finds them. */

import type { Emitter } from "highlight.js";

/** Text, and what it is: "" for nothing in particular. No run reaches over the end of a line. */
export type Run = [kind: string, text: string];

/** Takes what highlight.js would otherwise write as HTML: nothing here is ever parsed. */
export class Runs implements Emitter {
  readonly runs: Run[] = [];
  private readonly scopes: string[] = [];

  startScope(name: string): void {
    this.scopes.push(name.split(".")[0] ?? "");
  }

  endScope(): void {
    this.scopes.pop();
  }

  /* What it also calls them by, beside what its types say. */
  openNode(name: string): void {
    this.startScope(name);
  }

  closeNode(): void {
    this.endScope();
  }

  addText(text: string): void {
    if (text) this.runs.push([this.scopes.findLast((scope) => scope) ?? "", text]);
  }

  __addSublanguage(inner: Emitter): void {
    if (inner instanceof Runs) this.runs.push(...inner.runs);
  }

  finalize(): void {}

  toHTML(): string {
    return "";
  }

  /** The runs of each line. */
  lines(): Run[][] {
    const lines: Run[][] = [[]];
    for (const [kind, text] of this.runs) {
      text.split("\n").forEach((part, index) => {
        if (index) lines.push([]);
        if (part) lines.at(-1)?.push([kind, part]);
      });
    }
    return lines;
  }
}
