// Hands the answer to the page that opened this window, and closes it. Where no page waits for it
// (the app sent the whole window here, or another page was opened in between), goes back by address.
const WAIT_MS = 1500;

const back = document.querySelector<HTMLElement>("#back");
if (back) handBack(back);

function handBack(back: HTMLElement): void {
  const { origin = "", told = "" } = back.dataset;
  const opener: Window | null = window.opener;
  if (!opener || !origin || !told) {
    goOn(back);
    return;
  }
  const waited = setTimeout(() => goOn(back), WAIT_MS);
  addEventListener("message", (event) => {
    const [port] = event.ports;
    // The code is for the client's own page alone, whoever opened this window.
    if (event.source !== opener || event.origin !== origin || !port) return;
    if (event.data?.type !== "synfonium.pick.port") return;
    clearTimeout(waited);
    port.onmessage = () => window.close();
    port.postMessage({ type: "synfonium.pick.answer", ...JSON.parse(told) });
    setTimeout(() => window.close(), WAIT_MS);
  });
  opener.postMessage({ type: "synfonium.pick.ready" }, origin);
}

function goOn(back: HTMLElement): void {
  if (back instanceof HTMLFormElement) back.submit();
  else if (back instanceof HTMLAnchorElement) location.replace(back.href);
}
