// A school's OpenID Provider: oidc-provider, a certified one, with its own pages to sign in.
// In, a line of JSON: {"port", "client", "keys"}; out: a line when it listens.
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const given = JSON.parse((await lines.next()).value);
const people = {
  ada: { name: "Ada Lovelace", preferred_username: "ada.l", email: "ada@school.example", groups: ["teachers"] },
  bob: { name: "Bob Kahn", preferred_username: "bob.k", email: "bob@school.example", groups: [] },
};
const provider = new Provider(`http://localhost:${given.port}`, {
  clients: [given.client],
  jwks: { keys: given.keys },
  cookies: { keys: ["of a test"] },
  claims: { openid: ["sub"], profile: ["name", "preferred_username", "groups"], email: ["email", "email_verified"] },
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  // Its guard against private addresses would keep its logout calls from this very machine.
  fetch: (url, { dispatcher, ...options }) => fetch(url, options),
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email_verified: true, ...people[id] }),
  }),
});
provider.on("backchannel.error", (_context, error) => console.error(error));
provider.on("server_error", (_context, error) => console.error(error));
provider.listen(given.port, "127.0.0.1", () => process.stdout.write("ready\n"));
