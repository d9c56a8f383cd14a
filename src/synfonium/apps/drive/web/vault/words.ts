/* What the page asks of the worker that holds the keys, and what it is told. */

export type Ask =
  | { act: "unlock"; passphrase: string; second: string }
  | { act: "seal"; names: string[] }
  | { act: "open"; names: string[] }
  | { act: "begin"; file: Blob }
  | { act: "piece"; handle: number; from: number; to: number }
  | { act: "fetch"; url: string; stored: number }
  | { act: "next"; handle: number }
  | { act: "end"; handle: number };

export interface Handle {
  handle: number;
  size: number;
}

export type Answer = string | (string | null)[] | Handle | Uint8Array<ArrayBuffer> | null;

export interface Asked {
  number: number;
  ask: Ask;
}

export interface Told {
  number: number;
  said?: Answer;
  wrong?: string;
}
