// SPDX-License-Identifier: Apache-2.0
// How the answer comes: from the picker's window by MessagePort; from a window that lost its opener by
// BroadcastChannel, through the app's own callback page; or with the address of this very page.
import type { Waiting } from "./asking";

/** As in the query of a redirect (RFC 6749, 4.1.2; RFC 9207). */
export interface Answer {
  code?: string;
  state?: string;
  iss?: string;
  error?: string;
  error_description?: string;
}

/** One thing that the app was granted (RFC 9396, 7.1). */
export interface Item {
  type: string;
  grant: string;
  identifier: string;
  actions: string[];
  locations: string[];
  interfaces: string[];
  title: string;
  media_type: string;
  size_bytes: number;
  revision: string;
  expires_at?: number;
}

/** What /oauth/token answers. */
export interface Token {
  access_token: string;
  token_type: string;
  expires_in: number;
  scope?: string;
  refresh_token?: string;
  id_token?: string;
  authorization_details: Item[];
}

const CHANNEL = "synfonium.pick";
const LOOK_MS = 250;
const TAKEN_MS = 1000;

/** Waits for the answer of a picker's window; null when the person closed it. A window that only
 * lost its opener looks closed from here: `later` is told when its answer comes after all. */
export function answerOf(
  popup: Window,
  waiting: Waiting,
  later: (answer: Answer) => void,
): { answer: Promise<Answer | null>; stop: () => void } {
  const channel = new BroadcastChannel(CHANNEL);
  let settle: (answer: Answer | null) => void = () => {};
  let isSettled = false;
  const answer = new Promise<Answer | null>((resolve) => {
    settle = resolve;
  });
  const give = (found: Answer) => {
    if (isSettled) later(found);
    isSettled = true;
    stop();
    settle(found);
  };
  const onMessage = (event: MessageEvent) => {
    if (event.source !== popup || event.origin !== waiting.issuer) return;
    if (event.data?.type !== "synfonium.pick.ready") return;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => {
      if (data?.type !== "synfonium.pick.answer") return;
      port1.postMessage({ type: "synfonium.pick.taken" });
      give(data);
    };
    popup.postMessage({ type: "synfonium.pick.port" }, waiting.issuer, [port2]);
  };
  channel.onmessage = ({ data }) => {
    if (data?.type !== "answer" || data.answer?.state !== waiting.state) return;
    channel.postMessage({ type: "taken", state: waiting.state });
    give(data.answer);
  };
  const look = setInterval(() => {
    if (!popup.closed) return;
    clearInterval(look);
    isSettled = true;
    settle(null);
  }, LOOK_MS);
  const stop = () => {
    clearInterval(look);
    removeEventListener("message", onMessage);
    channel.close();
  };
  addEventListener("message", onMessage);
  return { answer, stop };
}

/** The answer in this page's own address, when it is the page to which answers go. */
export function answerHere(redirectUri: string): Answer | null {
  const here = new URL(location.href);
  const wanted = new URL(redirectUri, location.href);
  if (here.origin !== wanted.origin || here.pathname !== wanted.pathname) return null;
  const found = Object.fromEntries(here.searchParams) as Answer;
  return found.state && found.iss && (found.code || found.error) ? found : null;
}

/** The code is used up: it need not stay in the address, nor be asked for again. */
export function forgetHere(): void {
  const here = new URL(location.href);
  for (const name of ["code", "state", "iss", "error", "error_description"]) here.searchParams.delete(name);
  history.replaceState(history.state, "", here);
}

/** Hands an answer to the page of this app that waits for it; whether there was one. */
export function handOver(answer: Answer): Promise<boolean> {
  const channel = new BroadcastChannel(CHANNEL);
  return new Promise((resolve) => {
    const end = (isTaken: boolean) => {
      channel.close();
      resolve(isTaken);
    };
    channel.onmessage = ({ data }) => {
      if (data?.type === "taken" && data.state === answer.state) end(true);
    };
    channel.postMessage({ type: "answer", answer });
    setTimeout(() => end(false), TAKEN_MS);
  });
}

/** An answer that is not ours, or says no more than an error. Throws for a forged one. */
export function check(answer: Answer, waiting: Waiting): void {
  if (answer.state !== waiting.state) throw new Error("state is another one");
  if (answer.iss !== waiting.issuer) throw new Error("iss is another one");
}

/** A public client's page takes its token itself (RFC 6749, 4.1.3; RFC 7636, 4.5). */
export async function exchange(code: string, waiting: Waiting): Promise<Token> {
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: waiting.redirectUri,
    client_id: waiting.clientId,
    code_verifier: waiting.verifier,
  });
  const answer = await fetch(`${waiting.issuer}/oauth/token`, { method: "POST", body });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error_description ?? told.error);
  return told;
}
