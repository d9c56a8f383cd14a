// Keys as X keysyms: what a key means on the person's own keyboard, whatever its layout.

const NAMED: Readonly<Record<string, number>> = {
  Backspace: 0xff08,
  Tab: 0xff09,
  Enter: 0xff0d,
  Pause: 0xff13,
  ScrollLock: 0xff14,
  Escape: 0xff1b,
  Home: 0xff50,
  ArrowLeft: 0xff51,
  ArrowUp: 0xff52,
  ArrowRight: 0xff53,
  ArrowDown: 0xff54,
  PageUp: 0xff55,
  PageDown: 0xff56,
  End: 0xff57,
  PrintScreen: 0xff61,
  Insert: 0xff63,
  Undo: 0xff65,
  Redo: 0xff66,
  ContextMenu: 0xff67,
  Find: 0xff68,
  Help: 0xff6a,
  NumLock: 0xff7f,
  Delete: 0xffff,
};
const SIDED: Readonly<Record<string, readonly [left: number, right: number]>> = {
  Shift: [0xffe1, 0xffe2],
  Control: [0xffe3, 0xffe4],
  Alt: [0xffe9, 0xffea],
  Meta: [0xffeb, 0xffec],
};
const FIRST_FUNCTION_KEY = 0xffbe;
const UNICODE = 0x01000000;

/** The keysym of a key event, or 0 when the key means nothing by itself (dead keys, AltGr, locks). */
export function keysymOf(event: KeyboardEvent): number {
  const sided = SIDED[event.key];
  if (sided) return event.location === KeyboardEvent.DOM_KEY_LOCATION_RIGHT ? sided[1] : sided[0];
  const named = NAMED[event.key];
  if (named) return named;
  const functionKey = /^F(\d{1,2})$/.exec(event.key);
  if (functionKey) return FIRST_FUNCTION_KEY + Number(functionKey[1]) - 1;
  return [...event.key].length === 1 ? keysymOfCharacter(event.key) : 0;
}

function keysymOfCharacter(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  const isLatin = (point >= 0x20 && point <= 0x7e) || (point >= 0xa0 && point <= 0xff);
  return isLatin ? point : UNICODE | point;
}

/** Whether a character was made with AltGr: the modifiers behind it are not meant. */
export function isByAltGraph(event: KeyboardEvent): boolean {
  return event.getModifierState("AltGraph") && [...event.key].length === 1;
}
