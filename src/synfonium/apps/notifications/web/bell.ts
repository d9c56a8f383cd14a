/* The bell's count. One tab of a browser asks the server and tells the others: a browser has few
   connections to one site, and each that waits is one less. */

const AFTER_FAILURE_MS = 10_000;
const CALM_MS = 500;
const MOST_SHOWN = 99;
const LOCK = "notifications-bell";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

class Bell {
  private known = -1;
  private readonly channel = new BroadcastChannel(LOCK);
  private readonly title = document.title;

  constructor(
    private readonly link: HTMLElement,
    private readonly badge: HTMLElement,
  ) {
    this.channel.onmessage = (event: MessageEvent<number>) => this.show(event.data);
  }

  start(): void {
    if ("locks" in navigator) void navigator.locks.request(LOCK, () => this.follow());
    else void this.follow();
    // Whoever does not hold the lock wants a number too, once.
    void this.ask(0).catch(() => undefined);
  }

  private async follow(): Promise<void> {
    for (;;) {
      if (document.hidden) await shown();
      try {
        if (!(await this.ask(25))) return;
        await wait(CALM_MS);
      } catch {
        await wait(AFTER_FAILURE_MS);
      }
    }
  }

  /** Whether to ask again: not once nobody is signed in. */
  private async ask(seconds: number): Promise<boolean> {
    const query = new URLSearchParams({ known: String(this.known), wait_s: String(seconds) });
    const answer = await fetch(`/api/notifications/count?${query}`);
    if (answer.status === 401 || answer.status === 403) return false;
    if (!answer.ok) throw new Error(String(answer.status));
    const { unread }: { unread: number } = await answer.json();
    this.show(unread);
    this.channel.postMessage(unread);
    return true;
  }

  private show(unread: number): void {
    if (unread === this.known) return;
    this.known = unread;
    this.badge.hidden = unread === 0;
    this.badge.textContent = unread > MOST_SHOWN ? `${MOST_SHOWN}+` : String(unread);
    const text =
      unread === 1 ? this.link.dataset["one"] : this.link.dataset["many"]?.replace("{}", String(unread));
    const name = this.link.querySelector(".vh");
    if (name && unread) name.textContent = text ?? "";
    else if (name) name.textContent = this.link.title;
    document.title = unread ? `(${this.badge.textContent}) ${this.title}` : this.title;
  }
}

function shown(): Promise<void> {
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", () => resolve(), { once: true });
  });
}

/** Signed in again in a browser that was turned on before: it is told again. Once in a session. */
async function renew(): Promise<void> {
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) return;
  if (Notification.permission !== "granted" || sessionStorage.getItem(LOCK)) return;
  const registration = await navigator.serviceWorker.getRegistration("/");
  const subscription = await registration?.pushManager.getSubscription();
  if (!subscription) return;
  sessionStorage.setItem(LOCK, "renewed");
  await fetch("/api/notifications/devices", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...subscription.toJSON(), expirationTime: undefined, renew: true }),
  });
}

const link = document.querySelector<HTMLElement>("#bell");
const badge = link?.querySelector<HTMLElement>(".count");
if (link && badge) {
  new Bell(link, badge).start();
  void renew().catch(() => undefined);
}
