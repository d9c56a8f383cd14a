// SPDX-License-Identifier: Apache-2.0
// <syn-share>: to a page of ours at which the person chooses the app that gets an object of theirs.
import { css, html, LitElement } from "lit";
import { issuerOf } from "./attributes";
import { look } from "./look";
import { say } from "./words";

export class SynShare extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    look,
    css`
      a.button {
        border-color: var(--_edge);
        background: var(--_paper);
        color: var(--_ink);
      }
      a.button:hover {
        background: var(--_hover);
      }
    `,
  ];
  static override properties = { issuer: {}, object: {}, label: {} };
  declare issuer: string;
  declare object: string;
  declare label: string;

  constructor() {
    super();
    this.issuer = this.object = this.label = "";
  }

  override render() {
    const words = this.label || this.textContent?.trim() || say(this, "share");
    const query = new URLSearchParams({ object: this.object });
    const to = `${issuerOf(this.issuer)}/fabric/share?${query}`;
    return html`<a class="button" part="button" href=${to} target="_blank" rel="noopener noreferrer">${words}</a>`;
  }
}
