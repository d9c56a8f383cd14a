/* Choosing rows: how many, the bar for them, and the keyboard. */

export interface Selection {
  /** Chooses again what was chosen, after the rows were replaced. */
  restore(): void;
}

export function startSelection(listing: HTMLElement): Selection {
  const chosen = new Set<string>();
  const boxes = () => [...listing.querySelectorAll<HTMLInputElement>("input.check")];

  function show(): void {
    const bar = listing.querySelector(".selbar");
    bar?.classList.toggle("shown", chosen.size > 0);
    const count = bar?.querySelector("[data-count]");
    if (count) count.textContent = String(chosen.size);
  }

  function restore(): void {
    const present = boxes();
    const here = new Set(present.map((box) => box.value));
    for (const id of chosen) if (!here.has(id)) chosen.delete(id);
    for (const box of present) box.checked = chosen.has(box.value);
    show();
  }

  listing.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    if (!box.matches("input.check")) return;
    if (box.checked) chosen.add(box.value);
    else chosen.delete(box.value);
    show();
  });
  // A download leaves the page as it is: its menu closes all the same.
  listing.addEventListener("click", (event) => {
    const link = (event.target as HTMLElement).closest(".menu a");
    link?.closest("details")?.removeAttribute("open");
  });
  listing.addEventListener("keydown", (event) => onKey(event, boxes));
  for (const box of boxes()) if (box.checked) chosen.add(box.value);
  show();
  return { restore };
}

/** Up and down walk through the rows, Delete acts on what is chosen, Escape chooses nothing. */
function onKey(event: KeyboardEvent, boxes: () => HTMLInputElement[]): void {
  const row = (event.target as HTMLElement).closest<HTMLElement>("tr[data-node]");
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key];
  if (step) {
    const same = (event.target as HTMLElement).matches("input") ? "input.check" : "a.name, input.check";
    step.querySelector<HTMLElement>(same)?.focus();
    event.preventDefault();
  } else if (event.key === "Escape") {
    for (const box of boxes()) if (box.checked) box.click();
  } else if (event.key === "Delete") {
    const box = row.querySelector<HTMLInputElement>("input.check");
    if (box && !box.checked) box.click();
    document.querySelector<HTMLButtonElement>(".selbar button:last-of-type")?.focus();
  }
}
