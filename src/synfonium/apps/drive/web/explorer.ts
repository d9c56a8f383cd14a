/* Drive's page with script: choosing, the keyboard, dropping files, progress, and changes made elsewhere. */

import { Acts } from "./features/acts";
import { startDragging } from "./features/drag";
import { Follower } from "./features/follow";
import { Keys } from "./features/keys";
import { Long } from "./features/long";
import { Rows } from "./features/rows";
import { Selection } from "./features/select";
import { startUploads } from "./features/upload";

const listing = document.querySelector<HTMLElement>("#listing");
if (listing) {
  document.documentElement.classList.add("scripted");
  const rows = new Rows(listing);
  const selection = new Selection(listing, rows);
  const shown = () => {
    selection.restore();
    void lengthen();
  };
  const lengthen = async () => {
    rows.long ??= await Long.over(listing, rows, () => selection.restore()).catch(() => undefined);
  };
  const follower = new Follower(listing, shown, async () => {
    await rows.long?.reload();
    return rows.long !== undefined;
  });
  const refresh = () => follower.refresh().catch(() => undefined);
  new Keys(listing, rows, selection, new Acts(listing, rows, selection, refresh));
  if (listing.getAttribute("data-folder")) {
    // Rows that cannot be had now come with the next change.
    startUploads(listing, () => void refresh());
    startDragging(listing, rows, selection, refresh);
    void lengthen();
  }
  void follower.start();
}
