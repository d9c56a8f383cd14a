// SPDX-License-Identifier: Apache-2.0
// <syn-pick>: a button that opens the picker. The person designates; the app gets that, and nothing else.
import { html, LitElement } from "lit";
import type { Answer, Token } from "./answering";
import { answerHere, answerOf, check, exchange, forgetHere, handOver } from "./answering";
import type { Ask, Waiting } from "./asking";
import { begin, keep, takeKept } from "./asking";
import { issuerOf, list } from "./attributes";
import { look } from "./look";
import { say } from "./words";

const WIDTH = 560;
const HEIGHT = 720;

/** Events, all of which bubble: `syn-picked` with `{items, token}`; for an app with a server `syn-code`
 * with `{code, state, iss}`; `syn-cancel` with `{reason: "closed" | "refused"}`; `syn-error` with
 * `{error, description}`. */
export class SynPick extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = look;
  static override properties = {
    issuer: {},
    clientId: { attribute: "client-id" },
    redirectUri: { attribute: "redirect-uri" },
    parEndpoint: { attribute: "par-endpoint" },
    scope: {},
    verb: {},
    interfaces: {},
    mediaTypes: { attribute: "media-types" },
    actions: {},
    multiple: { type: Boolean },
    purpose: {},
    lifetime: { type: Number },
    filename: {},
    mediaType: { attribute: "media-type" },
    label: {},
    disabled: { type: Boolean, reflect: true },
    isBusy: { state: true },
  };
  declare issuer: string;
  declare clientId: string;
  declare redirectUri: string;
  declare parEndpoint: string;
  declare scope: string;
  declare verb: "pick" | "save";
  declare interfaces: string;
  declare mediaTypes: string;
  declare actions: string;
  declare multiple: boolean;
  declare purpose: string;
  declare lifetime: number;
  declare filename: string;
  declare mediaType: string;
  declare label: string;
  declare disabled: boolean;
  declare isBusy: boolean;
  #popup: Window | null = null;
  #stop: () => void = () => {};

  constructor() {
    super();
    this.issuer = this.clientId = this.redirectUri = this.parEndpoint = this.scope = "";
    this.interfaces = this.mediaTypes = this.actions = this.purpose = "";
    this.filename = this.mediaType = this.label = "";
    this.verb = "pick";
    this.lifetime = 0;
    this.multiple = this.disabled = this.isBusy = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    // The page's own scripts listen by then.
    if (document.readyState === "complete") void this.#resume();
    else addEventListener("load", () => void this.#resume(), { once: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  override render() {
    const words = this.label || this.textContent?.trim() || say(this, this.verb === "save" ? "save" : "pick");
    return html`<button
      part="button"
      type="button"
      ?disabled=${this.disabled}
      aria-busy=${this.isBusy}
      @click=${() => this.pick()}
    >
      ${words}
    </button>`;
  }

  /** As a press of the button does; within a person's own click, or browsers allow no window. */
  async pick(): Promise<void> {
    if (this.#popup && !this.#popup.closed) {
      this.#popup.focus();
      return;
    }
    if (this.isBusy) return;
    // A click counts for some seconds; a browser that does not say so gets an empty window at once,
    // which waits for its address (and costs 60 ms, measured, until the picker is seen).
    let popup = "userActivation" in navigator ? null : window.open("", "_blank", features());
    this.isBusy = true;
    try {
      const { url, waiting } = await begin(this.#ask(), this.id);
      if (popup?.closed) return this.#cancel("closed");
      if (popup) popup.location.replace(url);
      else popup = window.open(url, "_blank", features());
      if (popup) await this.#converse(popup, waiting);
      else this.#leave(url, waiting);
    } catch (fault) {
      popup?.close();
      this.#fail("request_failed", fault);
    } finally {
      this.isBusy = false;
      this.#popup = null;
    }
  }

  #ask(): Ask {
    const detail: Record<string, unknown> = { type: "synfonium-object", verb: this.verb };
    const lists = { interfaces: this.interfaces, media_types: this.mediaTypes, actions: this.actions };
    for (const [name, value] of Object.entries(lists)) if (value) detail[name] = list(value);
    if (this.multiple) detail["multiple"] = true;
    if (this.purpose) detail["purpose"] = this.purpose;
    if (this.lifetime) detail["lifetime_s"] = this.lifetime;
    if (this.filename) detail["title"] = this.filename;
    if (this.mediaType) detail["media_type"] = this.mediaType;
    const { clientId, scope, parEndpoint } = this;
    return {
      issuer: issuerOf(this.issuer),
      clientId,
      redirectUri: this.#callback(),
      scope,
      detail,
      parEndpoint,
    };
  }

  #callback(): string {
    return new URL(this.redirectUri || location.pathname, location.href).href;
  }

  async #converse(popup: Window, waiting: Waiting): Promise<void> {
    this.#stop();
    this.#popup = popup;
    const asked = answerOf(popup, waiting, (answer) => void this.#finish(answer, waiting));
    this.#stop = asked.stop;
    const answer = await asked.answer;
    if (answer) await this.#finish(answer, waiting);
    else this.#cancel("closed");
  }

  /** Without a window of its own the picker takes this one, and comes back to the callback page. */
  #leave(url: string, waiting: Waiting): void {
    keep(waiting);
    location.assign(url);
  }

  /** This page was loaded with an answer in its address. */
  async #resume(): Promise<void> {
    const answer = answerHere(this.#callback());
    if (!answer?.state) return;
    const waiting = takeKept(answer.state);
    if (waiting && waiting.element !== this.id) {
      keep(waiting);
      return;
    }
    forgetHere();
    if (waiting) await this.#finish(answer, waiting);
    else if (await handOver(answer)) window.close();
  }

  async #finish(answer: Answer, waiting: Waiting): Promise<void> {
    try {
      check(answer, waiting);
    } catch (fault) {
      this.#fail("forged_answer", fault);
      return;
    }
    if (answer.error === "access_denied") this.#cancel("refused");
    else if (answer.error) this.#fail(answer.error, answer.error_description);
    else if (answer.code && !waiting.verifier) {
      this.#tell("syn-code", { code: answer.code, state: answer.state, iss: answer.iss });
    } else if (answer.code) await this.#exchange(answer.code, waiting);
  }

  async #exchange(code: string, waiting: Waiting): Promise<void> {
    let token: Token;
    try {
      token = await exchange(code, waiting);
    } catch (fault) {
      this.#fail("no_token", fault);
      return;
    }
    this.#tell("syn-picked", { items: token.authorization_details, token });
  }

  #cancel(reason: "closed" | "refused"): void {
    this.#tell("syn-cancel", { reason });
  }

  #fail(error: string, fault: unknown): void {
    this.#tell("syn-error", {
      error,
      description: fault instanceof Error ? fault.message : String(fault ?? ""),
    });
  }

  #tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}

function features(): string {
  const left = window.screenX + Math.max(0, (window.outerWidth - WIDTH) / 2);
  const top = window.screenY + Math.max(0, (window.outerHeight - HEIGHT) / 3);
  return `popup,width=${WIDTH},height=${HEIGHT},left=${Math.round(left)},top=${Math.round(top)}`;
}
