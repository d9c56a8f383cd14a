// SPDX-License-Identifier: Apache-2.0
// The element kit, at an address that stays: <script type="module" src="https://…/static/kit/elements.js">.
import { SynBar } from "./bar";
import { SynPick } from "./pick";
import { SynSearch } from "./search";
import { SynShare } from "./share";

const ELEMENTS = { "syn-bar": SynBar, "syn-pick": SynPick, "syn-search": SynSearch, "syn-share": SynShare };

// A page may load the kit twice, from two addresses.
for (const [name, element] of Object.entries(ELEMENTS)) {
  if (!customElements.get(name)) customElements.define(name, element);
}

export { SynBar, SynPick, SynSearch, SynShare };
