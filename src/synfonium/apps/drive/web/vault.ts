/* Vaults: made here, opened here, and unreadable everywhere else. */

import { startMaking } from "./vault/make";
import { startVault } from "./vault/page";

const making = document.querySelector<HTMLFormElement>("#vault-new");
const vault = document.querySelector<HTMLElement>("#vault");
document.querySelector("[data-without-script]")?.remove();
if (making) startMaking(making);
if (vault) startVault(vault);
