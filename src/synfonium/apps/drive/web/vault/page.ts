/* The page of one vault: shut until its passphrase is given, and shut again when nobody is there. */

import { Inside } from "./inside";
import { Lock } from "./lock";

const IDLE_MS = 10 * 60_000;
const LOOK_MS = 5_000;

export function startVault(page: HTMLElement): void {
  new Door(page).start();
}

class Door {
  private inside: Inside | undefined;
  private lastSeen = 0;
  private readonly form: HTMLFormElement;
  private readonly wrong: HTMLElement;

  constructor(private readonly page: HTMLElement) {
    this.form = needed(page, "form#unlock");
    this.wrong = needed(page, "[data-wrong]");
  }

  start(): void {
    this.form.hidden = false;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.unlock();
    });
    needed(this.page, "[data-lock]").addEventListener("click", () => this.shut());
    for (const sign of ["pointerdown", "keydown", "wheel", "touchmove"]) {
      addEventListener(sign, () => this.seen(), { passive: true });
    }
    setInterval(() => this.look(), LOOK_MS);
    document.addEventListener("visibilitychange", () => this.look());
    // Also what the browser keeps to go back to must hold no key.
    addEventListener("pagehide", () => this.shut());
    this.form.querySelector<HTMLInputElement>("input")?.focus();
  }

  private seen(): void {
    this.lastSeen = Date.now();
  }

  private look(): void {
    const idle_ms = Number(this.page.getAttribute("data-idle-ms")) || IDLE_MS;
    if (this.inside && !this.inside.isBusy && Date.now() - this.lastSeen > idle_ms) this.shut();
  }

  private async unlock(): Promise<void> {
    const [passphrase, second] = this.form.querySelectorAll<HTMLInputElement>("input");
    const button = needed<HTMLButtonElement>(this.form, "button");
    button.disabled = true;
    this.wrong.hidden = true;
    const lock = new Lock();
    try {
      const check = await lock.unlock(passphrase?.value ?? "", second?.value ?? "");
      if (check !== this.page.getAttribute("data-check")) {
        lock.shut();
        this.wrong.hidden = false;
        passphrase?.focus();
        return;
      }
      this.form.reset();
      this.form.hidden = true;
      this.seen();
      this.inside = new Inside(this.page, lock);
      await this.inside.start();
    } finally {
      button.disabled = false;
    }
  }

  private shut(): void {
    this.inside?.shut();
    this.inside = undefined;
    this.form.reset();
    this.form.hidden = false;
  }
}

function needed<T extends HTMLElement = HTMLElement>(within: HTMLElement, selector: string): T {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(selector);
  return found;
}
