// What more a site may ask of a provider, by openid-client: PAR, DPoP, private_key_jwt, refresh,
// introspection, revocation, the device flow and logout. In: {"issuer", "redirect_uri"}; then a
// line each: {"act", …} → an answer, or {"error", "code"}.
import { createInterface } from "node:readline";
import * as client from "openid-client";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => JSON.parse((await lines.next()).value ?? "{}");
const write = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const insecure = { execute: [client.allowInsecureRequests] };

const given = await read();
const issuer = new URL(given.issuer);
const keys = await client.randomDPoPKeyPair("ES256");
const own = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
const jwk = { ...(await crypto.subtle.exportKey("jwk", own.publicKey)), alg: "ES256", kid: "one", use: "sig" };
const signed = client.PrivateKeyJwt({ key: own.privateKey, kid: "one" });
let config, dpop, waiting;

const acts = {
  // A client held to FAPI 2: it signs, pushes, and binds its tokens.
  async register() {
    const metadata = {
      client_name: "Strict Club",
      redirect_uris: [given.redirect_uri],
      post_logout_redirect_uris: [given.redirect_uri],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "ES256",
      id_token_signed_response_alg: "ES256",
      require_pushed_authorization_requests: true,
      dpop_bound_access_tokens: true,
      jwks: { keys: [jwk] },
    };
    config = await client.dynamicClientRegistration(issuer, metadata, signed, insecure);
    dpop = client.getDPoPHandle(config, keys);
    return { client_id: config.clientMetadata().client_id };
  },
  async begin() {
    waiting = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState() };
    const url = await client.buildAuthorizationUrlWithPAR(
      config,
      {
        redirect_uri: given.redirect_uri,
        scope: "openid profile offline_access",
        prompt: "consent",
        state: waiting.expectedState,
        code_challenge: await client.calculatePKCECodeChallenge(waiting.pkceCodeVerifier),
        code_challenge_method: "S256",
      },
      { DPoP: dpop },
    );
    return { url: url.href };
  },
  async finish({ answer }) {
    const tokens = await client.authorizationCodeGrant(config, new URL(answer), waiting, undefined, { DPoP: dpop });
    const claims = tokens.claims();
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub, { DPoP: dpop });
    return { ...tokens, claims, userinfo };
  },
  async refresh({ token }) {
    return { ...(await client.refreshTokenGrant(config, token, undefined, { DPoP: dpop })) };
  },
  async introspect({ token }) {
    return { ...(await client.tokenIntrospection(config, token)) };
  },
  async revoke({ token }) {
    await client.tokenRevocation(config, token);
    return {};
  },
  async leave({ hint }) {
    const wish = { id_token_hint: hint, post_logout_redirect_uri: given.redirect_uri, state: "bye" };
    return { url: client.buildEndSessionUrl(config, wish).href };
  },
  async device() {
    const metadata = {
      client_name: "Television",
      token_endpoint_auth_method: "none",
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code"],
      response_types: [],
      id_token_signed_response_alg: "EdDSA",
    };
    config = await client.dynamicClientRegistration(issuer, metadata, client.None(), insecure);
    waiting = await client.initiateDeviceAuthorization(config, { scope: "openid profile" });
    return { user_code: waiting.user_code, page: waiting.verification_uri };
  },
  async poll() {
    const tokens = await client.pollDeviceAuthorizationGrant(config, waiting);
    return { claims: tokens.claims() };
  },
};

for (;;) {
  const asked = await read();
  if (!asked.act) break;
  try {
    write(await acts[asked.act](asked));
  } catch (refused) {
    write({ error: refused.error ?? refused.message, code: refused.code, cause: String(refused.cause ?? "") });
  }
}
process.exit(0);
