/* A word at the foot of the page, with what can be done about it. It goes by itself, and waits for a hand. */

const SHOWN_MS = 8000;
let shown: HTMLElement | undefined;

/** act: a button's words, and what it does. */
export function say(text: string, act?: [string, () => void]): void {
  shown?.remove();
  const box = document.createElement("div");
  box.className = "toast";
  box.setAttribute("role", "status");
  const word = document.createElement("p");
  box.append(word);
  if (act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "linkb";
    button.textContent = act[0];
    button.onclick = () => {
      box.remove();
      act[1]();
    };
    box.append(button);
  }
  document.body.append(box);
  // A region that is there before its words is read out.
  requestAnimationFrame(() => {
    word.textContent = text;
  });
  shown = box;
  goLater(box);
}

function goLater(box: HTMLElement): void {
  setTimeout(() => {
    if (box.matches(":hover, :focus-within")) goLater(box);
    else box.remove();
  }, SHOWN_MS);
}
