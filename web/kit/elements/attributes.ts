// SPDX-License-Identifier: Apache-2.0
// How attributes are read.

/** The installation: as the page says, else the one that this file was loaded from. */
export function issuerOf(said: string): string {
  return (said || new URL(import.meta.url).origin).replace(/\/+$/, "");
}

/** Words apart by spaces or commas. */
export function list(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}
