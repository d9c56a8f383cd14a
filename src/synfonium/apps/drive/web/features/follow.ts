/* Follows a folder: asks the server to answer when something changed, then takes the new rows. */

const CALM_MS = 300;
const AFTER_FAILURE_MS = 5000;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class Follower {
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly listing: HTMLElement,
    private readonly onRows: () => void,
    /** Of a folder that is longer than a page; false when it is not. */
    private readonly takeLong: () => Promise<boolean> = async () => false,
  ) {}

  /** Follows until the page goes. */
  async start(): Promise<void> {
    for (;;) {
      if (document.hidden) await this.shown();
      try {
        if (await this.changed()) await this.refresh();
        await wait(CALM_MS);
      } catch {
        await wait(AFTER_FAILURE_MS);
      }
    }
  }

  /** Takes the rows as they are now; several wishes at once are one. */
  refresh(): Promise<void> {
    this.refreshing ??= this.take().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  private shown(): Promise<void> {
    return new Promise((resolve) => {
      document.addEventListener("visibilitychange", () => resolve(), { once: true });
    });
  }

  private async changed(): Promise<boolean> {
    const { folder = "", etag = "" } = this.listing.dataset;
    const answer = await fetch(`/drive/changes?${new URLSearchParams({ folder, etag })}`);
    if (answer.status === 404 || answer.status === 401) {
      location.reload(); // the folder, or the session, is gone: the server says so best
      await wait(AFTER_FAILURE_MS);
      return false;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const now: { etag: string } = await answer.json();
    return now.etag !== this.listing.getAttribute("data-etag");
  }

  private async take(): Promise<void> {
    if (await this.takeLong()) return;
    const answer = await fetch(location.pathname + location.search, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector<HTMLElement>("#listing");
    if (!fresh || this.isBusy()) return;
    const focused = document.activeElement?.closest("tr[data-node]")?.getAttribute("data-node");
    this.listing.replaceChildren(...fresh.childNodes);
    this.listing.setAttribute("data-etag", fresh.getAttribute("data-etag") ?? "");
    this.onRows();
    if (focused) this.listing.querySelector<HTMLElement>(`tr[data-node="${focused}"] a.name`)?.focus();
  }

  /** Nobody's open menu is taken away; the next answer comes soon. */
  private isBusy(): boolean {
    return this.listing.querySelector("details[open]") !== null;
  }
}
