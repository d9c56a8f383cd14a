/* The service worker: shows what was pushed, and opens its page. It touches no request of a page. */

interface Pushed {
  title: string;
  app: string;
  path: string;
  tag: string;
}

/** What this file uses of a worker's own scope; TypeScript has one library for pages or workers. */
interface Extendable extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Push extends Extendable {
  data: { json(): Pushed } | null;
}
interface Clicked extends Extendable {
  notification: Notification;
}
interface Window_ {
  url: string;
  focus(): Promise<Window_>;
  navigate(url: string): Promise<Window_ | null>;
}
interface Scope {
  registration: ServiceWorkerRegistration;
  clients: {
    matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<Window_[]>;
    openWindow(url: string): Promise<Window_ | null>;
    claim(): Promise<void>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: string, listener: (event: never) => void): void;
}

const scope = self as unknown as Scope;

function ours(path: unknown): string {
  const address = new URL(String(path), location.origin);
  return address.origin === location.origin ? address.pathname : "/notifications";
}

async function showPushed(pushed: Pushed | undefined): Promise<void> {
  await scope.registration.showNotification(pushed?.title ?? "Synfonium", {
    body: pushed?.app ?? "",
    tag: pushed?.tag ?? "",
    data: { path: ours(pushed?.path ?? "/notifications") },
  });
}

async function openPage(notification: Notification): Promise<void> {
  notification.close();
  const address = new URL(ours(notification.data?.path), location.origin).href;
  const windows = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((one) => new URL(one.url).pathname.startsWith("/notifications"));
  if (there) {
    const moved = await there.navigate(address).catch(() => null);
    if (moved) return void (await moved.focus());
  }
  await scope.clients.openWindow(address);
}

function read(event: Push): Pushed | undefined {
  try {
    return event.data?.json();
  } catch {
    return undefined;
  }
}

scope.addEventListener("install", (event: Extendable) => event.waitUntil(scope.skipWaiting()));
scope.addEventListener("activate", (event: Extendable) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("push", (event: Push) => event.waitUntil(showPushed(read(event))));
scope.addEventListener("notificationclick", (event: Clicked) =>
  event.waitUntil(openPage(event.notification)),
);
