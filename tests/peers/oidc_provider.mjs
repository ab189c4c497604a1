// A certified OpenID Connect provider with people who need no password: node oidc_provider.mjs PORT REDIRECT_URI
import Provider from "oidc-provider";

const [port, redirectUri] = process.argv.slice(2);
const clients = [
  {
    client_id: "fieldstone",
    client_secret: "a secret of sixteen: yes & more",
    grant_types: ["authorization_code"],
    response_types: ["code"],
    redirect_uris: [redirectUri],
  },
];
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => true },
  scopes: ["openid", "email", "profile"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
  // Whoever signs in as "unverified:…" has an address that nobody has confirmed.
  findAccount: async (_, id) => ({
    accountId: id,
    claims: async () => {
      const email = id.replace(/^(unverified|other):/, "");
      const verified = !id.startsWith("unverified:");
      return { sub: id, email, email_verified: verified, preferred_username: email, name: email.split("@")[0] };
    },
  }),
  cookies: { keys: ["tests only"] },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
