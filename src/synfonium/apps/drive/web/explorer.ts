/* Drive's page with script: dropping files, progress, choosing, and seeing changes made elsewhere. */

import { Follower } from "./features/follow";
import { startSelection } from "./features/select";
import { startUploads } from "./features/upload";

const listing = document.querySelector<HTMLElement>("#listing");
if (listing) {
  document.documentElement.classList.add("scripted");
  const selection = startSelection(listing);
  const follower = new Follower(listing, () => selection.restore());
  if (listing.getAttribute("data-folder")) {
    // Rows that cannot be had now come with the next change.
    startUploads(listing, () => void follower.refresh().catch(() => undefined));
  }
  follower.start();
}
