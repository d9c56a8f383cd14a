/* What every page gains with script; each page is complete without it. */

const POPS = "details[data-pop]";

/** Floating disclosures close when one clicks elsewhere or presses Escape. */
function closePops(except: Node | null): void {
  for (const pop of document.querySelectorAll<HTMLDetailsElement>(`${POPS}[open]`)) {
    if (!except || !pop.contains(except)) pop.open = false;
  }
}

function onKey(event: KeyboardEvent): void {
  if (event.key === "Escape") {
    const open = document.querySelector<HTMLDetailsElement>(`${POPS}[open]`);
    closePops(null);
    open?.querySelector("summary")?.focus();
    return;
  }
  const target = event.target as HTMLElement;
  const isWriting = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  if (event.key !== "/" || isWriting || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.querySelector<HTMLInputElement>("form[role=search] input[type=search]");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

/** Rows of tabs that are wider than the screen show the tab that one is on. */
function showTabs(): void {
  for (const tab of document.querySelectorAll<HTMLElement>(".tabs > [aria-current]")) {
    const row = tab.parentElement;
    if (row) row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
  }
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const field = button.parentElement?.querySelector<HTMLInputElement>("input[readonly]");
  if (!field) return;
  field.select();
  await navigator.clipboard.writeText(field.value);
  button.lastChild?.replaceWith(button.getAttribute("data-copy") ?? "");
}

/** Buttons that only do something with script are hidden without. */
function offer(attribute: string, act: (button: HTMLButtonElement) => void): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(`button[${attribute}]`)) {
    button.hidden = false;
    button.addEventListener("click", () => act(button));
  }
}

document.addEventListener("click", (event) => closePops(event.target as Node));
document.addEventListener("keydown", onKey);
showTabs();
if (history.length > 1) offer("data-back", () => history.back());
if ("clipboard" in navigator) offer("data-copy", (button) => void copy(button));
offer("data-print", () => print());
// What was refused is read first: its summary, or the field that it is about.
document.querySelector<HTMLElement>("[role=alert][tabindex], [aria-invalid=true]")?.focus();
