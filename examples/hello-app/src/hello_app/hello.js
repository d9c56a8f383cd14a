// SPDX-License-Identifier: Apache-2.0
// The code goes to our server, which alone can make a token of it; then the page shows what came.
const word = document.querySelector("#word");

addEventListener("syn-code", async ({ detail }) => {
  const answer = await fetch("/code", { method: "POST", body: new URLSearchParams(detail) });
  if (answer.ok) location.assign("/");
  else word.textContent = await answer.text();
});
addEventListener("syn-cancel", () => {
  word.textContent = "Nothing was chosen.";
});
addEventListener("syn-error", ({ detail }) => {
  word.textContent = `It did not work: ${detail.error}.`;
});
