// What the search gains with script: suggestions while typing (a combobox, ARIA APG), and the
// keyboard in the results: j and k or the arrows, Enter opens.

const PAUSE_MS = 120;
const FEWEST_LETTERS = 2;

/** Suggestions under one search field. They are words of the index; nothing typed is kept. */
class Suggestions {
  private readonly list = document.createElement("ul");
  private asked = 0;
  private typed = "";
  private at = -1;
  private timer = 0;

  constructor(
    private readonly field: HTMLInputElement,
    form: HTMLFormElement,
  ) {
    this.list.className = "suggestions";
    this.list.id = `${field.name}-suggestions`;
    this.list.role = "listbox";
    this.list.hidden = true;
    this.list.ariaLabel = field.getAttribute("aria-label") ?? "";
    form.append(this.list);
    form.classList.add("suggesting");
    for (const [name, value] of [
      ["role", "combobox"],
      ["aria-autocomplete", "list"],
      ["aria-controls", this.list.id],
      ["aria-expanded", "false"],
    ] as const)
      field.setAttribute(name, value);
    field.addEventListener("input", () => this.wait());
    field.addEventListener("keydown", (event) => this.onKey(event));
    field.addEventListener("blur", () => this.close());
    // Not click: the field must not lose the focus first.
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = (event.target as HTMLElement).closest("li");
      if (option) this.take(option.textContent ?? "");
    });
  }

  private get options(): HTMLLIElement[] {
    return [...this.list.querySelectorAll("li")];
  }

  private wait(): void {
    clearTimeout(this.timer);
    this.typed = this.field.value;
    if (this.typed.trim().length < FEWEST_LETTERS) this.close();
    else this.timer = window.setTimeout(() => void this.ask(this.typed), PAUSE_MS);
  }

  private async ask(typed: string): Promise<void> {
    const number = ++this.asked;
    const answer = await fetch(`/api/search/suggest?q=${encodeURIComponent(typed)}`).catch(() => undefined);
    if (!answer?.ok || number !== this.asked || document.activeElement !== this.field) return;
    const [, words] = (await answer.json()) as [string, string[]];
    this.show(words.filter((word) => word !== typed.trim()));
  }

  private show(words: string[]): void {
    this.at = -1;
    this.list.replaceChildren(
      ...words.map((word, number) => {
        const option = document.createElement("li");
        option.id = `${this.list.id}-${number}`;
        option.role = "option";
        option.textContent = word;
        return option;
      }),
    );
    this.list.hidden = words.length === 0;
    this.field.setAttribute("aria-expanded", String(words.length > 0));
    this.field.removeAttribute("aria-activedescendant");
  }

  private close(): void {
    clearTimeout(this.timer);
    this.asked++;
    this.show([]);
  }

  private onKey(event: KeyboardEvent): void {
    if (this.list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.field.value = this.typed;
      this.close();
    }
  }

  /** Beyond either end stands what was typed. */
  private move(step: number): void {
    const options = this.options;
    this.at = ((this.at + 1 + step + options.length + 1) % (options.length + 1)) - 1;
    for (const [number, option] of options.entries()) option.ariaSelected = String(number === this.at);
    const option = options[this.at];
    this.field.value = option?.textContent ?? this.typed;
    if (option) this.field.setAttribute("aria-activedescendant", option.id);
    else this.field.removeAttribute("aria-activedescendant");
  }

  private take(word: string): void {
    this.field.value = word;
    this.close();
    this.field.form?.requestSubmit();
  }
}

/** j and k, or the arrows once a result has the focus. Enter is the link's own. */
function onKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  const isElsewhere = target.closest("input, textarea, select, details") !== null;
  if (isElsewhere || event.ctrlKey || event.metaKey || event.altKey) return;
  const links = [...document.querySelectorAll<HTMLAnchorElement>("[data-hits] .hit :is(h2, li p, p) > a")];
  const now = links.indexOf(document.activeElement as HTMLAnchorElement);
  const arrow = now >= 0 ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : undefined;
  const step = { j: 1, k: -1 }[event.key] ?? arrow;
  if (!step) return;
  event.preventDefault();
  const link = links[Math.min(Math.max(now + step, 0), links.length - 1)];
  link?.focus();
  link?.closest(".hit")?.scrollIntoView({ block: "nearest" });
}

for (const field of document.querySelectorAll<HTMLInputElement>("form[role=search] input[type=search]"))
  if (field.form) new Suggestions(field, field.form);
document.addEventListener("keydown", onKey);

export {};
