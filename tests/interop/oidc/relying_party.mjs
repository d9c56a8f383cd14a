// A site that signs people in by openid-client, a certified relying-party library.
// In: {"issuer", "client_id", "client_secret", "redirect_uri"}; out: {"url"}; then, a line
// each: {"answer"} (the redirect) → {"claims", "userinfo"} or {"error", "code"}.
import { createInterface } from "node:readline";
import * as client from "openid-client";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => JSON.parse((await lines.next()).value);
const write = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const given = await read();
const authentication = given.client_secret
  ? client[given.authentication](given.client_secret)
  : client.None();
const config = await client.discovery(new URL(given.issuer), given.client_id, {}, authentication, {
  execute: [client.allowInsecureRequests],
});
const verifier = client.randomPKCECodeVerifier();
const checks = {
  pkceCodeVerifier: verifier,
  expectedState: client.randomState(),
  expectedNonce: client.randomNonce(),
  idTokenExpected: true,
};
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: given.redirect_uri,
  scope: "openid profile",
  state: checks.expectedState,
  nonce: checks.expectedNonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  max_age: "3600",
});
write({ url: url.href });

for (;;) {
  const asked = await read();
  if (!asked.answer) break;
  const expected = { ...checks, maxAge: 3600, ...(asked.nonce ? { expectedNonce: asked.nonce } : {}) };
  try {
    const tokens = await client.authorizationCodeGrant(config, new URL(asked.answer), expected);
    const claims = tokens.claims();
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    write({ claims, userinfo });
  } catch (refused) {
    write({ error: refused.error ?? refused.message, code: refused.code });
  }
}
process.exit(0);
