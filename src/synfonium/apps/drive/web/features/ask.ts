/* Asking the server as a form would, and hearing its refusal in the reader's words. */

/** Empty when it was done; else what the server said. */
export async function ask(path: string, fields: Iterable<[string, string]>): Promise<string> {
  try {
    const answer = await fetch(path, {
      method: "POST",
      body: new URLSearchParams([...fields]),
      headers: { accept: "application/json" },
      redirect: "manual",
    });
    if (answer.ok || answer.type === "opaqueredirect") return "";
    return problemText(await answer.json().catch(() => null)) || String(answer.status);
  } catch {
    return "…";
  }
}

export function problemText(problem: unknown): string {
  if (typeof problem !== "object" || problem === null) return "";
  const { title = "", detail = "" } = problem as { title?: string; detail?: string };
  return `${title} ${detail}`.trim();
}
