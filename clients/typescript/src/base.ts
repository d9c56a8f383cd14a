// SPDX-License-Identifier: Apache-2.0
// How every call is made and answered.

/** An installation said no (RFC 9457). code: stable, for programs. title, detail: for people. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
  ) {
    super(`${status} ${code}: ${title} ${detail}`.trim());
  }
}

type Fields = Record<string, unknown>;
interface Asked {
  query?: Fields;
  headers?: Fields;
  body?: unknown;
  sent?: string;
}

/** url: the installation's address. token: of an app, a person's own, or a grant's secret. */
export class Base {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token = "") {
    this.#url = url.replace(/\/+$/, "");
    this.#token = token;
  }

  protected async call<T>(method: string, path: string, asked: Asked = {}): Promise<T> {
    const url = new URL(this.#url + path);
    for (const [name, value] of given(asked.query)) {
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    }
    const headers = new Headers({ accept: "application/json" });
    if (this.#token) headers.set("authorization", `Bearer ${this.#token}`);
    for (const [name, value] of given(asked.headers)) headers.set(name, String(value));
    if (asked.sent) headers.set("content-type", asked.sent);
    const body = asked.sent ? JSON.stringify(asked.body) : null;
    const answer = await fetch(url, { method, headers, body, credentials: "omit" });
    const text = await answer.text();
    if (!answer.ok) throw refused(answer.status, text);
    return (text ? JSON.parse(text) : undefined) as T;
  }
}

/** One segment of a path. */
export function part(value: unknown): string {
  return encodeURIComponent(String(value));
}

function given(fields: Fields = {}): [string, unknown][] {
  return Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
}

function refused(status: number, text: string): Refused {
  let told: Fields = {};
  try {
    told = JSON.parse(text) as Fields;
  } catch {
    // No problem of ours: a proxy's page, say.
  }
  const word = (name: string) => String(told[name] ?? "");
  return new Refused(status, word("code"), word("title"), word("detail"));
}
