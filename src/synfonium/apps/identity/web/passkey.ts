/* Passkeys: signing in, coming in by a link, adding one. Each page works without, by password. */

interface Ceremony {
  options: Record<string, unknown>;
  sealed: string;
}
interface Next {
  next: string;
}
interface Problem {
  code?: string;
  title?: string;
  remedy?: string;
  detail?: string;
}

/** What the server said against it, in the reader's language. */
class Refused extends Error {}

async function post<T>(path: string, body: unknown): Promise<T> {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  if (response.ok) return (await response.json()) as T;
  const problem = (await response.json().catch(() => ({}))) as Problem;
  if (problem.code === "proof_needed") {
    location.assign(
      `/signin/again?${new URLSearchParams({ next: location.pathname + location.search, refused: "1" })}`,
    );
  }
  throw new Refused([problem.title, problem.detail ?? problem.remedy].filter(Boolean).join(" "));
}

function bytes(text: unknown): ArrayBuffer {
  const binary = atob(String(text).replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer;
}

function text(buffer: ArrayBuffer): string {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function creation(options: Record<string, unknown>): PublicKeyCredentialCreationOptions {
  const given = options as unknown as PublicKeyCredentialCreationOptions;
  const known = (given.excludeCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  return {
    ...given,
    challenge: bytes(given.challenge),
    user: { ...given.user, id: bytes(given.user.id) },
    excludeCredentials: known,
  };
}

interface Written {
  id: string;
  rawId: string;
  type: string;
  response: Record<string, string>;
}

function written(credential: PublicKeyCredential, parts: Record<string, string>): Written {
  const id = text(credential.rawId);
  const response = { clientDataJSON: text(credential.response.clientDataJSON), ...parts };
  return { id, rawId: id, type: credential.type, response };
}

async function make(ceremony: Ceremony): Promise<Written> {
  const made = await navigator.credentials.create({ publicKey: creation(ceremony.options) });
  const credential = made as PublicKeyCredential;
  const response = credential.response as AuthenticatorAttestationResponse;
  return written(credential, { attestationObject: text(response.attestationObject) });
}

/** One request for a passkey at a time: a click ends the silent one that waits in the name field,
 * which never ends the click's, however late it comes. */
let waiting: AbortController | null = null;
let isAsked = false;

async function show(ceremony: Ceremony, mediation?: "conditional"): Promise<Written> {
  if (mediation && isAsked) throw new DOMException("asked by a click", "AbortError");
  isAsked = !mediation;
  waiting?.abort();
  waiting = new AbortController();
  const given = ceremony.options as unknown as PublicKeyCredentialRequestOptions;
  const publicKey = { ...given, challenge: bytes(given.challenge), allowCredentials: [] };
  const shown = await navigator.credentials.get({
    publicKey,
    signal: waiting.signal,
    ...(mediation ? { mediation } : {}),
  });
  const credential = shown as PublicKeyCredential;
  const response = credential.response as AuthenticatorAssertionResponse;
  return written(credential, {
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    ...(response.userHandle ? { userHandle: text(response.userHandle) } : {}),
  });
}

/** `place` says which: a sign-in, or a proof that the person signed in here is still there. */
async function signIn(place: HTMLElement, mediation?: "conditional"): Promise<Next> {
  const isAgain = place.getAttribute("data-passkey") === "again";
  const ceremony = await post<Ceremony>(
    isAgain ? "/api/identity/again/challenge" : "/api/identity/passkey/challenge",
    {},
  );
  const credential = await show(ceremony, mediation);
  const answer = { sealed: ceremony.sealed, credential, next: place.getAttribute("data-next") ?? "" };
  return post<Next>(isAgain ? "/api/identity/again/passkey" : "/api/identity/passkey/signin", answer);
}

async function comeIn(place: HTMLFormElement): Promise<Next | null> {
  if (!place.reportValidity()) return null;
  const fields = new FormData(place);
  const link = fields.get("link");
  const wish = { link, name: fields.get("name") ?? "", display: fields.get("display") ?? "" };
  type Welcome = { ceremony: Ceremony; arrival: string };
  const { ceremony, arrival } = await post<Welcome>("/api/identity/welcome/challenge", wish);
  const credential = await make(ceremony);
  const code = fields.get("code") ?? "";
  const answer = { link, arrival, sealed: ceremony.sealed, credential, code };
  return post<Next>("/api/identity/welcome/passkey", answer);
}

async function add(place: HTMLElement): Promise<Next> {
  const ceremony = await post<Ceremony>("/api/identity/security/challenge", {});
  const credential = await make(ceremony);
  const next = place.getAttribute("data-next") ?? "";
  return post<Next>("/api/identity/security/passkey", { sealed: ceremony.sealed, credential, next });
}

function say(place: HTMLElement, failure: unknown): void {
  const said = place.querySelector<HTMLElement>("[data-said]");
  if (!said) return;
  said.textContent =
    failure instanceof Refused ? failure.message : (said.getAttribute("data-cancelled") ?? "");
  said.hidden = false;
}

function begin(place: HTMLElement): Promise<Next | null> {
  if (["signin", "again"].includes(place.getAttribute("data-passkey") ?? "")) return signIn(place);
  if (place instanceof HTMLFormElement) return comeIn(place);
  return add(place);
}

async function onClick(place: HTMLElement, button: HTMLButtonElement): Promise<void> {
  button.disabled = true;
  try {
    const answer = await begin(place);
    if (answer) location.assign(answer.next);
  } catch (failure) {
    say(place, failure);
  } finally {
    button.disabled = false;
  }
}

/** Lets the browser offer passkeys in the name field, where it can. */
async function offerInField(place: HTMLElement): Promise<void> {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  try {
    location.assign((await signIn(place, "conditional")).next);
  } catch (failure) {
    if (failure instanceof Refused) say(place, failure);
  }
}

for (const place of document.querySelectorAll<HTMLElement>("[data-passkey]")) {
  const button = place.querySelector<HTMLButtonElement>("button[type=button]");
  if (!button) continue;
  if (!("PublicKeyCredential" in window)) {
    (button.closest<HTMLElement>(".needs-script") ?? button).hidden = true;
    continue;
  }
  button.addEventListener("click", () => void onClick(place, button));
  if (place.getAttribute("data-passkey") === "signin") void offerInField(place);
}

export {};
