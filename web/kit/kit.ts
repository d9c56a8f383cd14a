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

document.addEventListener("click", (event) => closePops(event.target as Node));
document.addEventListener("keydown", onKey);
// The summary of what was refused is read first.
document.querySelector<HTMLElement>("[role=alert][tabindex]")?.focus();
