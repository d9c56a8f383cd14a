// SPDX-License-Identifier: Apache-2.0
// What an app asks for: an authorization request with one detail of type synfonium-object
// (RFC 6749, 7636, 9396), or one that the app's own server pushed (RFC 9126).

/** What stands in the element's attributes. */
export interface Ask {
  issuer: string;
  clientId: string;
  redirectUri: string;
  scope: string;
  detail: Record<string, unknown>;
  parEndpoint: string;
}

/** What is remembered of a request until its answer comes. An empty verifier: the app's server has it. */
export interface Waiting {
  state: string;
  verifier: string;
  issuer: string;
  clientId: string;
  redirectUri: string;
  element: string;
}

const KEPT = "synfonium.pick.";
// This page waits for the window's answer: the pages on the way let it keep hold of the window.
const KEPT_WINDOW = { window: "kept" };
const RANDOM_BYTES = 32;

/** The address of the picker, and what to remember. Throws when the app's server does not push. */
export async function begin(ask: Ask, element: string): Promise<{ url: string; waiting: Waiting }> {
  const { issuer, redirectUri } = ask;
  if (ask.parEndpoint) {
    const pushed = await push(ask);
    const clientId = pushed.client_id ?? ask.clientId;
    const query = new URLSearchParams({
      client_id: clientId,
      request_uri: pushed.request_uri,
      ...KEPT_WINDOW,
    });
    const waiting = { state: pushed.state, verifier: "", issuer, clientId, redirectUri, element };
    return { url: `${issuer}/oauth/authorize?${query}`, waiting };
  }
  const waiting = {
    state: random(),
    verifier: random(),
    issuer,
    clientId: ask.clientId,
    redirectUri,
    element,
  };
  const query = new URLSearchParams({
    response_type: "code",
    client_id: ask.clientId,
    redirect_uri: redirectUri,
    scope: ask.scope,
    state: waiting.state,
    code_challenge: await challenge(waiting.verifier),
    code_challenge_method: "S256",
    authorization_details: JSON.stringify([ask.detail]),
    ...KEPT_WINDOW,
  });
  return { url: `${issuer}/oauth/authorize?${query}`, waiting };
}

/** The app's server makes state and PKCE, keeps them, pushes, and answers with the state. */
async function push(ask: Ask): Promise<{ request_uri: string; state: string; client_id?: string }> {
  const body = new URLSearchParams({
    authorization_details: JSON.stringify([ask.detail]),
    redirect_uri: ask.redirectUri,
  });
  const answer = await fetch(ask.parEndpoint, {
    method: "POST",
    body,
    headers: { accept: "application/json" },
  });
  const told = answer.ok ? await answer.json() : {};
  if (!told.request_uri || !told.state) throw new Error("par-endpoint gave no request_uri and state");
  return told;
}

/** Over a journey of this whole window: the page is loaded anew before the answer comes. */
export function keep(waiting: Waiting): void {
  sessionStorage.setItem(KEPT + waiting.state, JSON.stringify(waiting));
}

/** What was kept for a state, once. */
export function takeKept(state: string): Waiting | null {
  const kept = sessionStorage.getItem(KEPT + state);
  sessionStorage.removeItem(KEPT + state);
  return kept ? JSON.parse(kept) : null;
}

function random(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
}

async function challenge(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
