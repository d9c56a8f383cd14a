/* Turns push on and off in this browser; the settings' page shows its buttons only with script. */

const DEVICES = "/api/notifications/devices";
const WORKER = "/notifications/worker.js";
const HERE = "/settings/notifications";

const on = document.querySelector<HTMLButtonElement>("button[data-push-on]");
const off = document.querySelector<HTMLButtonElement>("button[data-push-off]");
const said = document.querySelector<HTMLElement>("#push-said");

function say(what: "denied" | "failed" | ""): void {
  if (said) said.textContent = what ? (said.dataset[what] ?? "") : "";
}

async function subscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** Each button shows where it does something. */
async function offerPush(): Promise<void> {
  const isOn = (await subscription()) !== null && document.querySelector("form[data-own]") !== null;
  if (on) on.hidden = isOn;
  if (off) off.hidden = !isOn;
}

async function turnOn(key: string): Promise<void> {
  say("");
  if ((await Notification.requestPermission()) !== "granted") return say("denied");
  await navigator.serviceWorker.register(WORKER, { scope: "/" });
  const registration = await navigator.serviceWorker.ready;
  await (await registration.pushManager.getSubscription())?.unsubscribe();
  const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = made.toJSON();
  const answer = await fetch(DEVICES, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ endpoint, keys }),
  });
  if (!answer.ok) {
    await made.unsubscribe();
    throw new Error(String(answer.status));
  }
  location.assign(`${HERE}?saved=way#devices`);
}

async function turnOff(): Promise<void> {
  await (await subscription())?.unsubscribe();
  document.querySelector<HTMLFormElement>("form[data-own]")?.submit();
}

/** A time zone that nobody chose yet is the one of this browser. */
function fillZone(): void {
  const field = document.querySelector<HTMLInputElement>("input[data-zone]");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (field && zone && (!field.value || field.value === "UTC")) field.value = zone;
}

function attempt(button: HTMLButtonElement, act: () => Promise<void>): void {
  button.addEventListener("click", () => {
    button.disabled = true;
    act()
      .catch(() => say("failed"))
      .finally(() => {
        button.disabled = false;
      });
  });
}

fillZone();
if ("serviceWorker" in navigator && "PushManager" in window) {
  if (on) attempt(on, () => turnOn(on.dataset["pushOn"] ?? ""));
  if (off) attempt(off, turnOff);
  void offerPush();
}
