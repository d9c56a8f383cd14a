// SPDX-License-Identifier: Apache-2.0
// What the person picked comes as an event, with a token that opens this one thing.
const status = document.querySelector("[role=status]");

addEventListener("syn-picked", async ({ detail }) => {
  const [item] = detail.items;
  const headers = { authorization: `Bearer ${detail.token.access_token}` };
  const answer = await fetch(item.locations[0], { headers });
  const words = (await answer.text()).split(/\s+/).filter(Boolean).length;
  status.textContent = answer.ok ? `${item.title}: ${words} words` : "It cannot be read.";
});
addEventListener("syn-cancel", () => {
  status.textContent = "Nothing was chosen.";
});
addEventListener("syn-error", ({ detail }) => {
  status.textContent = `It did not work: ${detail.error} ${detail.description}`;
});
