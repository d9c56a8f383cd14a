// SPDX-License-Identifier: Apache-2.0
// <syn-search>: a search in what a person lets an app see, with the app's own token.
import { css, html, LitElement, nothing } from "lit";
import { issuerOf } from "./attributes";
import { look } from "./look";
import { say } from "./words";

/** One of the person's own things. `snippet` is escaped HTML with `<b>`. */
export interface Hit {
  address: string;
  url: string;
  app: string;
  title: string;
  snippet: string;
  time_s: number;
  interfaces: string[];
  media_type: string;
}

const PAUSE_MS = 200;
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#x27": "'" };

/** Events, which bubble: `syn-found` with `{query, hits}`; `syn-open` with the hit that was followed,
 * which `preventDefault()` keeps from leading away. */
export class SynSearch extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    look,
    css`
      :host {
        display: block;
      }
      input {
        inline-size: 100%;
        min-block-size: 44px;
        padding: 0.4em 0.75em;
        border: 1px solid var(--_edge);
        border-radius: var(--_radius);
        background: var(--_paper);
        color: var(--_text);
        font: inherit;
      }
      input::placeholder {
        color: var(--_quiet);
      }
      ul {
        margin: 0.5rem 0 0;
        padding: 0;
        list-style: none;
      }
      li {
        border-block-end: 1px solid var(--_line);
      }
      li a {
        display: block;
        padding: 0.6em 0.25em;
        color: var(--_ink);
        overflow-wrap: anywhere;
      }
      li a:hover {
        background: var(--_hover);
      }
      small,
      p {
        display: block;
        color: var(--_quiet);
      }
    `,
  ];
  static override properties = {
    issuer: {},
    app: {},
    interface: {},
    label: {},
    limit: { type: Number },
    token: { attribute: false },
    hits: { state: true },
    said: { state: true },
  };
  declare issuer: string;
  declare app: string;
  declare interface: string;
  declare label: string;
  declare limit: number;
  declare token: string;
  declare hits: Hit[];
  declare said: string;
  #timer = 0;
  #asked = new AbortController();

  constructor() {
    super();
    this.issuer = this.app = this.interface = this.label = this.token = this.said = "";
    this.limit = 10;
    this.hits = [];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#asked.abort();
  }

  override render() {
    const label = this.label || say(this, "search");
    return html`<form role="search" @submit=${(event: Event) => this.#now(event)}>
        <input part="field" type="search" maxlength="500" autocomplete="off" aria-label=${label}
          placeholder=${label} @input=${() => this.#soon()} />
      </form>
      <ul part="hits">
        ${this.hits.map((hit) => this.#row(hit))}
      </ul>
      <p role="status">${this.said}</p>`;
  }

  #row(hit: Hit) {
    const href = new URL(hit.url, issuerOf(this.issuer)).href;
    const isWeb = /^https?:/.test(href);
    return html`<li>
      <a href=${isWeb ? href : nothing} @click=${(event: Event) => this.#open(event, hit)}>
        ${hit.title}<small>${marked(hit.snippet)}</small></a
      >
    </li>`;
  }

  #open(event: Event, hit: Hit): void {
    const told = { detail: hit, bubbles: true, composed: true, cancelable: true };
    if (!this.dispatchEvent(new CustomEvent("syn-open", told))) event.preventDefault();
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), PAUSE_MS);
  }

  #now(event: Event): void {
    event.preventDefault();
    clearTimeout(this.#timer);
    void this.#ask();
  }

  async #ask(): Promise<void> {
    const query = this.renderRoot.querySelector("input")?.value.trim() ?? "";
    this.#asked.abort();
    this.#asked = new AbortController();
    try {
      this.hits = query ? await this.#found(query, this.#asked.signal) : [];
      this.said = query && !this.hits.length ? say(this, "nothing") : "";
    } catch (fault) {
      if (fault instanceof DOMException && fault.name === "AbortError") return;
      this.hits = [];
      this.said = say(this, "failed");
    }
    const told = { detail: { query, hits: this.hits }, bubbles: true, composed: true };
    this.dispatchEvent(new CustomEvent("syn-found", told));
  }

  async #found(query: string, signal: AbortSignal): Promise<Hit[]> {
    const asked = new URLSearchParams({ q: query, limit: String(this.limit) });
    if (this.app) asked.set("app", this.app);
    if (this.interface) asked.set("interface", this.interface);
    const headers = { accept: "application/json", authorization: `Bearer ${this.token}` };
    const answer = await fetch(`${issuerOf(this.issuer)}/fabric/search?${asked}`, { headers, signal });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).hits;
  }
}

/** Text with its marked words, without ever reading HTML. */
function marked(snippet: string) {
  const plain = (text: string) =>
    text.replace(/&(#?\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
  const parts = snippet.split(/<\/?b>/);
  return parts.map((part, at) => (at % 2 ? html`<b>${plain(part)}</b>` : plain(part)));
}
