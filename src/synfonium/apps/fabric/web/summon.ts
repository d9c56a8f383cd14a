// Opens the palette by Ctrl+K or ⌘K anywhere, or by its button. Until then nothing of it is loaded.
export {};

const link = document.querySelector<HTMLAnchorElement>("#summon");
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

let coming: Promise<typeof import("./palette/palette")> | undefined;

function load(): Promise<typeof import("./palette/palette")> {
  if (!coming && link) {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = link.dataset["style"] ?? "";
    document.head.append(style);
  }
  coming ??= import("./palette/palette");
  return coming;
}

// What is typed after the shortcut before the palette is there; undefined while nobody waits for it.
let typed: string | undefined;

async function open(): Promise<void> {
  typed ??= "";
  const palette = await load();
  const before = typed ?? "";
  typed = undefined;
  palette.toggle(link?.dataset["icons"] ?? "", before);
}

function onKey(event: KeyboardEvent): void {
  if (typed !== undefined && event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
    typed += event.key;
    event.preventDefault();
    return;
  }
  // The first half of the shortcut is time enough to fetch what the second half opens.
  if (event.key === "Control" || event.key === "Meta") void load();
  const isShortcut = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
  if (!isShortcut || event.altKey || event.shiftKey || event.defaultPrevented) return;
  // A screen in the page has all keys to itself.
  if (event.target instanceof Element && event.target.closest("[data-own-keys]")) return;
  event.preventDefault();
  void open();
}

if (link) {
  const key = link.querySelector("kbd");
  if (key && isMac) key.textContent = "⌘ K";
  document.addEventListener("keydown", onKey);
  link.addEventListener("pointerenter", () => void load());
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void open();
  });
  // What an action told before the page was loaded anew.
  if (sessionStorage.getItem("synfonium.toast")) void load().then((palette) => palette.tell());
}
