// SPDX-License-Identifier: Apache-2.0
// Calls that an installation makes to an app: facts, objects, actions (Standard Webhooks 1.0.0).

const OLDEST_S = 300;

/** Not from the installation, or not from now. */
export class Forged extends Error {}

/** The JSON of a call. secret: `whsec_…`. A call may come twice: `webhook-id` says that it is the same. */
export async function verify(secret: string, headers: Headers, body: string, nowS = Date.now() / 1000): Promise<unknown> {
  const moment = headers.get("webhook-timestamp") ?? "";
  if (!/^\d{1,12}$/.test(moment) || Math.abs(nowS - Number(moment)) > OLDEST_S) throw new Forged();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(secret.replace(/^whsec_/, "")), algorithm, false, ["verify"]);
  const signed = new TextEncoder().encode(`${headers.get("webhook-id") ?? ""}.${moment}.${body}`);
  for (const one of (headers.get("webhook-signature") ?? "").split(" ")) {
    const [version, signature] = one.split(",");
    if (version !== "v1" || !signature) continue;
    if (await crypto.subtle.verify("HMAC", key, bytes(signature), signed)) return JSON.parse(body);
  }
  throw new Forged();
}

function bytes(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    throw new Forged();
  }
}
