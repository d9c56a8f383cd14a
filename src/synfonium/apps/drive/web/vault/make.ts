/* A new vault: the passphrase is chosen, and its paper key printed; neither leaves this page. */

import { Lock } from "./lock";
import { Refused, send } from "./stored";

const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS = 4;
const GROUP_LETTERS = 5;
const WEAK_BITS = 50;
const STRONG_BITS = 75;
const LEAST_CHARACTERS = 8;

/** About how many bits a guesser has to find: repetitions and runs count little. */
export function bitsOf(passphrase: string): number {
  const kinds: [RegExp, number][] = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[^a-zA-Z0-9]/, 32],
  ];
  const pool = kinds.reduce((sum, [kind, count]) => sum + (kind.test(passphrase) ? count : 0), 0);
  let counted = 0;
  for (let at = 0; at < passphrase.length; at++) {
    const step = passphrase.charCodeAt(at) - passphrase.charCodeAt(at - 1);
    counted += Math.abs(step) <= 1 ? 0.3 : 1;
  }
  return pool ? counted * Math.log2(pool) : 0;
}

/** A passphrase that nobody guesses: 99 bits. */
function madeUp(): string {
  const groups: string[] = [];
  while (groups.length < GROUPS) {
    let group = "";
    while (group.length < GROUP_LETTERS) {
      const [byte = 255] = crypto.getRandomValues(new Uint8Array(1));
      // Only so many as the letters divide: each is as likely as another.
      if (byte < 8 * LETTERS.length) group += LETTERS[byte % LETTERS.length];
    }
    groups.push(group);
  }
  return groups.join("-");
}

export function startMaking(form: HTMLFormElement): void {
  const fields = new Fields(form);
  form.hidden = false;
  fields.one.addEventListener("input", () => fields.weigh());
  form.querySelector("[data-make-up]")?.addEventListener("click", () => fields.makeUp(madeUp()));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void make(form, fields);
  });
  // What a page that is gone remembers, another may find.
  addEventListener("pagehide", () => form.reset());
}

class Fields {
  readonly name = this.find("vault-name");
  readonly one = this.find("vault-one");
  readonly again = this.find("vault-again");
  readonly second = this.find("vault-second");
  private readonly strength = this.form.querySelector<HTMLElement>("[data-strength]");

  constructor(private readonly form: HTMLFormElement) {}

  private find(id: string): HTMLInputElement {
    const found = this.form.querySelector<HTMLInputElement>(`#${id}`);
    if (!found) throw new Error(id);
    return found;
  }

  makeUp(passphrase: string): void {
    this.one.type = "text";
    this.one.value = passphrase;
    this.again.value = passphrase;
    this.weigh();
  }

  weigh(): void {
    if (!this.strength) return;
    const bits = bitsOf(this.one.value);
    const word = bits < WEAK_BITS ? "weak" : bits < STRONG_BITS ? "fair" : "strong";
    this.strength.textContent = this.one.value ? (this.strength.getAttribute(`data-${word}`) ?? "") : "";
    const meter = this.form.querySelector("meter");
    if (meter) meter.value = Math.min(100, bits);
  }

  /** What is wrong, as the name of its words; empty for nothing. */
  wrong(): string {
    if (this.one.value.length < LEAST_CHARACTERS) return "short";
    return this.one.value === this.again.value ? "" : "differs";
  }
}

async function make(form: HTMLFormElement, fields: Fields): Promise<void> {
  const wrong = fields.wrong();
  if (wrong) return say(form, form.getAttribute(`data-say-${wrong}`) ?? "");
  const button = form.querySelector<HTMLButtonElement>("button.main");
  if (button) button.disabled = true;
  const lock = new Lock();
  try {
    const check = await lock.unlock(fields.one.value, fields.second.value);
    const into = form.getAttribute("data-into") ?? "";
    const second = fields.second.value ? "true" : "false";
    const response = await send("/drive/vaults", { into, name: fields.name.value, check, second });
    const { node } = (await response.json()) as { node: string };
    showPaper(form, fields, node);
  } catch (fault) {
    const said = fault instanceof Refused ? fault.message : "";
    say(form, said || (form.getAttribute("data-say-failed") ?? ""));
    if (button) button.disabled = false;
  } finally {
    lock.shut();
  }
}

function say(form: HTMLFormElement, text: string): void {
  const place = form.querySelector<HTMLElement>("[data-wrong]");
  if (!place) return;
  place.hidden = false;
  place.textContent = text;
}

/** What has to be kept on paper, and the way into the vault. */
function showPaper(form: HTMLFormElement, fields: Fields, node: string): void {
  const paper = document.querySelector<HTMLElement>("#paper");
  if (!paper) return;
  const said: [string, string][] = [
    ["name", fields.name.value],
    ["passphrase", fields.one.value],
    ["second", fields.second.value],
  ];
  for (const [key, value] of said) {
    const place = paper.querySelector<HTMLElement>(`[data-paper="${key}"]`);
    if (place) place.textContent = value;
    place?.closest<HTMLElement>("[data-line]")?.toggleAttribute("hidden", !value);
  }
  paper.querySelector("a.main")?.setAttribute("href", `/drive/vaults/${node}`);
  form.hidden = true;
  form.reset();
  paper.hidden = false;
  paper.querySelector<HTMLElement>("h2")?.focus();
  addEventListener("pagehide", () => paper.remove());
}
