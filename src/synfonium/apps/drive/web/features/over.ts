/* The place that what is dragged would fall into. */

/** Marks one place at a time, or none. */
export function marker(): (target: Element | null) => void {
  let over: Element | null = null;
  return (target) => {
    if (over === target) return;
    over?.classList.remove("over");
    target?.classList.add("over");
    over = target;
  };
}
