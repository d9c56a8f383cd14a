// SPDX-License-Identifier: Apache-2.0
// <syn-bar>: a slim bar above a stranger's app. It knows nobody: it holds links, asks for nothing and
// shows what any visitor may know.
import { css, html, LitElement, svg } from "lit";
import { issuerOf } from "./attributes";
import { look } from "./look";
import { say } from "./words";

const MARK = svg`<svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true"><path class="l" fill="none"
stroke-width="2.5" d="M13.5 4.5H30M3 10.25H16M6 16H27M17 21.75H30M3 27.5H19.5"/><ellipse cx="7" cy="4.5" rx="4.9"
ry="3.4" transform="rotate(-20 7 4.5)" fill="#f2b01e"/></svg>`;

export class SynBar extends LitElement {
  static override styles = [
    look,
    css`
      :host {
        display: block;
        border-block-end: 1px solid var(--_line);
        background: var(--_paper);
        font-size: 0.9375rem;
      }
      nav {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0 0.25rem;
        min-block-size: 44px;
        padding-inline: 0.5rem;
      }
      a {
        display: inline-flex;
        align-items: center;
        gap: 0.5em;
        min-block-size: 44px;
        padding-inline: 0.6em;
        color: var(--_ink);
        text-decoration: none;
      }
      a:hover {
        background: var(--_hover);
        text-decoration: underline;
      }
      .l {
        stroke: var(--_text);
      }
      .name {
        font-weight: 600;
        color: var(--_text);
      }
      .push {
        margin-inline-start: auto;
      }
    `,
  ];
  static override properties = { issuer: {}, name: {}, home: {} };
  declare issuer: string;
  declare name: string;
  declare home: string;

  constructor() {
    super();
    this.issuer = this.name = "";
    this.home = "/";
  }

  override render() {
    const issuer = issuerOf(this.issuer);
    return html`<nav part="bar" aria-label=${say(this, "bar")}>
      <a part="mark" href="${issuer}/" aria-label=${say(this, "back")}>${MARK}</a>
      ${this.name ? html`<a part="name" class="name" href=${this.home}>${this.name}</a>` : ""}
      <slot></slot>
      <span class="push"></span>
      <a part="apps" href="${issuer}/">${say(this, "apps")}</a>
      <a part="actions" href="${issuer}/fabric/actions">${say(this, "actions")}</a>
    </nav>`;
  }
}
