// SPDX-License-Identifier: Apache-2.0
// The few words that elements say of themselves, in the language of the page around them.

const WORDS = {
  en: {
    pick: "Choose …",
    save: "Save to …",
    share: "Share",
    search: "Search your things",
    nothing: "Nothing of yours matches.",
    failed: "The search does not answer.",
    back: "To Synfonium",
    apps: "Apps",
    actions: "Actions",
    bar: "Synfonium",
  },
  fr: {
    pick: "Choisir…",
    save: "Enregistrer…",
    share: "Partager",
    search: "Chercher dans vos affaires",
    nothing: "Rien de vous n’y correspond.",
    failed: "La recherche ne répond pas.",
    back: "Vers Synfonium",
    apps: "Applications",
    actions: "Actions",
    bar: "Synfonium",
  },
} as const;

type Word = keyof (typeof WORDS)["en"];

/** `word` in the language of the element, else of the browser, else in English. */
export function say(near: Element, word: Word): string {
  const tag = near.closest("[lang]")?.getAttribute("lang") || navigator.language;
  const language = tag.toLowerCase().split("-")[0] === "fr" ? "fr" : "en";
  return WORDS[language][word];
}
