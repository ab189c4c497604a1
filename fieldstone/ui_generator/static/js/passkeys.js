// Passkeys: a form asks the server what is to be signed, the browser lets its device sign it, and
// the form sends the answer. Without such a browser the form stays hidden, and other ways are there.
const bytes = (text) => Uint8Array.from(
  atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

function readable(options) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
    ...(options.excludeCredentials && { excludeCredentials: known(options.excludeCredentials) }),
    ...(options.allowCredentials && { allowCredentials: known(options.allowCredentials) }),
  };
}

function sendable(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const said = Object.fromEntries(parts.filter((part) => response[part]).map((part) => [part, text(response[part])]));
  if (response.getTransports) said.transports = response.getTransports();
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response: said,
    clientExtensionResults: credential.getClientExtensionResults(),
    ...(credential.authenticatorAttachment && { authenticatorAttachment: credential.authenticatorAttachment }),
  });
}

async function ask(form) {
  const sent = new URLSearchParams(new FormData(form));
  sent.delete("credential");
  const answer = await fetch(form.dataset.passkey, { method: "POST", body: sent });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.errors?.[0]?.message ?? "The server did not answer.");
  if (told.token && form.elements.token) form.elements.token.value = told.token;
  const publicKey = readable(told.options);
  const isNew = "passkeyNew" in form.dataset;
  return isNew ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey });
}

function why(error) {
  if (error.name === "NotAllowedError") return "It was cancelled, or took too long.";
  if (error.name === "InvalidStateError") return "This device has a passkey for you already.";
  return error.message || "It did not work.";
}

async function use(form) {
  const problem = form.querySelector("[role=alert]");
  const button = form.querySelector("button");
  problem.hidden = true;
  button.disabled = true;
  try {
    form.elements.credential.value = sendable(await ask(form));
    form.submit();
  } catch (error) {
    problem.textContent = why(error);
    problem.hidden = false;
    button.disabled = false;
    button.focus();
  }
}

if (window.PublicKeyCredential && window.isSecureContext) {
  for (const form of document.querySelectorAll("form[data-passkey]")) form.hidden = false;
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-passkey]")) return;
    event.preventDefault();
    use(event.target);
  });
}
