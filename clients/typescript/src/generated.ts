// SPDX-License-Identifier: Apache-2.0
// Made by scripts/clients.py from /api/openapi.json; changes belong there.
import { Base, part } from "./base.js";

/** object: what it is done with, "" for nothing. input: as the action's schema says. */
export interface ActBody {
  object?: string;
  input?: Record<string, unknown>;
}

export interface Allowed {
  allowed: boolean;
  grant?: string;
  app?: string;
}

/** May whoever shows this credential do `action` with `path[0]`? path: its address, then those of
 * what it lies in. */
export interface Asking {
  path: string[];
  action?: "read" | "use" | "write";
}

/** A CloudEvent as an app sends it. path: ours, an extension: what the subject lies in. */
export interface CloudEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: string;
  subject: string;
  time?: string | null;
  datacontenttype?: string;
  path?: string;
  data?: Record<string, unknown>;
}

/** A part of a grant for another app. Empty fields: as much as the grant says. */
export interface Delegating {
  app: string;
  object?: string;
  actions?: ("read" | "use" | "write")[];
  until_s?: number;
  uses?: number;
}

/** more: the `after` of the next page, empty at the end. */
export interface Entries {
  entries: Sealed[];
  more: string;
}

/** What an imported encyclopedia or dictionary says under one title. text: the beginning of the
 * article, or nothing in a dictionary. senses: a dictionary's. facts: label and value, from an
 * infobox. wiki: the project it comes from, such as `frwiki`. */
export interface Entry {
  title: string;
  lang: string;
  wiki: string;
  url: string;
  text?: string;
  description?: string;
  senses?: string[];
  facts?: unknown[][];
  is_dictionary?: boolean;
}

/** A thing to be found. address: `app:kind/id`, of the app that pushes. title: at most 500
 * characters in one line. text: at most a million. path: addresses of what it lies in. interfaces:
 * spec ids such as `file/1`. lang: BCP 47. modified_s: UTC seconds. revision: changes with its
 * content. */
export interface Findable {
  address: string;
  title: string;
  text?: string;
  path?: string[];
  interfaces?: string[];
  media_type?: string;
  lang?: string;
  modified_s?: number;
  revision?: string;
}

/** The folder's etag as it is now. */
export interface FolderState {
  etag: string;
}

/** The best first. after: the `offset` that goes on from here, 0 at the end. total: how many there
 * are about; to whoever does not search their own things, only that there are more. */
export interface Found {
  hits: Hit[];
  total: number;
  after?: number;
}

/** is_present: for each of the files, in their order. */
export interface FoundFiles {
  is_present: boolean[];
}

/** A grant, for the app that holds it. */
export interface GrantTold {
  grant: string;
  object: string;
  actions: ("read" | "use" | "write")[];
  origin: string;
  title: string;
  since_s: number;
  until_s: number;
  uses: number;
}

export interface Held {
  grants: GrantTold[];
}

/** A thing found, as it is now; `snippet` is escaped HTML with `<b>`. */
export interface Hit {
  address: string;
  url: string;
  app: string;
  title: string;
  snippet: string;
  time_s: number;
  interfaces?: string[];
  media_type?: string;
}

/** What was taken is safe, and found within a second. */
export interface IndexAnswer {
  taken: number;
  forgotten: number;
  refused?: Refused[];
}

/** What is to be found, replacing what was pushed at those addresses; and what is gone. person:
 * whose things; by HTTP that of the credential. */
export interface IndexPush {
  documents?: Findable[];
  forget?: string[];
  person?: string;
}

/** An answer as text alone, in the reader's language; whoever shows it escapes it. title: the
 * question as it was understood. lead: the answer itself. rows: what else there is, label and
 * value. note: what must be known of the answer. swatch: a colour as `#rrggbb`. code: the lead is
 * to be copied letter by letter. */
export interface InstantAnswer {
  kind: string;
  title: string;
  lead: string;
  rows?: unknown[][];
  note?: string;
  source?: Source | null;
  swatch?: string;
  code?: boolean;
}

export interface Key {
  public_key: string;
}

export interface Made {
  node: string;
}

/** marks: every `step`th entry's id, after which a piece begins. etag: as the folder was then. */
export interface Marks {
  etag: string;
  count: number;
  marks: string[];
}

/** How far a job is; files and bytes are 0 until they have been counted. */
export interface MoveInProgress {
  state: string;
  files: number;
  bytes: number;
  done: number;
  done_bytes: number;
  not_taken: number;
}

/** What a biscuit is narrowed to at once; anybody may narrow it further. */
export interface Narrowing {
  object?: string;
  actions?: ("read" | "use" | "write")[];
  until_s?: number;
}

/** An object, for an app that was granted it. grant: by which right it is seen. */
export interface ObjectTold {
  address: string;
  interfaces: string[];
  title: string;
  media_type: string;
  revision: string;
  size_bytes: number;
  modified_s: number;
  page: string;
  locations: string[];
  grant?: string;
}

/** An action as it is shown to one reader: texts in their language. input: JSON Schema (2020-12).
 * on: interfaces of the object that it takes, none for no object. */
export interface Offered {
  name: string;
  app: string;
  app_title: string;
  title: string;
  description: string;
  input: Record<string, unknown>;
  on: string[];
  effect: "beyond" | "change" | "look";
  icon: string;
}

/** What an outside app tells the person whose credential it has; plain text, never markup. url:
 * `/fabric/open?object=…`, or a web address at the app's own origin. */
export interface PlainNotice {
  topic: string;
  topic_title?: string;
  title: string;
  body?: string;
  object?: string;
  url?: string;
  urgency?: "high" | "low" | "normal";
  key?: string;
}

/** Why something was refused (RFC 9457). code: stable, for programs; title and detail: for people,
 * in the language that was asked for. */
export interface Problem {
  type: string;
  status: number;
  code: string;
  title: string;
  detail?: string;
}

/** Why one document was not taken: a stable code, and the rule in one line. */
export interface Refused {
  address: string;
  code: string;
  reason: string;
}

/** One thing found; `snippet` is plain text. kind: page, news, image, video or document. time_s:
 * when it was published, else read, UTC seconds. picture: where this installation shows a small
 * picture of it. shown: what else is known of it (`author`, `duration` …). reasons: what each
 * signal added to its score. sources: the engines that found it, by name; "" is our own index. */
export interface Result {
  url: string;
  title: string;
  snippet: string;
  host: string;
  lang: string;
  kind?: string;
  time_s?: number;
  picture?: string;
  shown?: Record<string, string>;
  reasons?: Record<string, number>;
  sources?: string[];
}

/** `total` counts all that was found; `results` are those of the page asked for. corrected: what
 * was probably meant, where little was found and that finds more. ignored: parts of `prefs` that
 * were not understood. answers: worked out here. infobox: what an imported encyclopedia says of
 * exactly this. outside: the other engines that were asked, each with what became of it: answered,
 * slow, failed, resting or busy. */
export interface Results {
  query: string;
  total: number;
  took_ms: number;
  results: Result[];
  vertical?: string;
  page?: number;
  corrected?: string;
  ignored?: string[];
  answers?: InstantAnswer[];
  infobox?: Entry | null;
  outside?: Record<string, string>;
}

/** One file or folder; its name and size are those of what is stored. */
export interface Sealed {
  id: string;
  name: string;
  is_file: boolean;
  size_bytes: number;
  modified_s: number;
}

/** A file as its sender knows it. path: folders below the one that it goes to, with `/` between
 * them. */
export interface Sought {
  path: string;
  name: string;
  size_bytes: number;
  modified_ms: number;
}

export interface SoughtFiles {
  files: Sought[];
}

/** Where an answer comes from, as the page says it. url: https, or nothing. */
export interface Source {
  name: string;
  url?: string;
  licence?: string;
}

export interface Token {
  token: string;
}

/** It was taken in; how the person hears of it is their choice. */
export interface Told {
  done?: boolean;
}

export interface VaultForm {
  into: string;
  name: string;
  check: string;
  second?: boolean;
}

/** An installation, as one credential sees it. Each call rejects with Refused. */
export class Synfonium extends Base {
  /** Waits until the folder's etag is another than `etag`, at most `wait_s`. Without `folder`: the
   * trash. Ask again with the etag given. */
  drive_changes(more: { folder?: string; etag?: string; wait_s?: number } = {}): Promise<FolderState> {
    return this.call("GET", "/drive/changes", { query: { "folder": more.folder, "etag": more.etag, "wait_s": more.wait_s } });
  }

  /** What lies in a folder of a vault. */
  drive_entries(node_id: string, more: { after?: string } = {}): Promise<Entries> {
    return this.call("GET", `/drive/vaults/${part(node_id)}/entries`, { query: { "after": more.after } });
  }

  /** A new vault. */
  drive_make(body: VaultForm): Promise<Made> {
    return this.call("POST", "/drive/vaults", { body, sent: "application/x-www-form-urlencoded" });
  }

  /** How many entries a folder has, and where its pieces of `step` entries begin. */
  drive_marks(node_id: string, more: { sort?: string; step?: number } = {}): Promise<Marks> {
    return this.call("GET", `/drive/node/${part(node_id)}/marks`, { query: { "sort": more.sort, "step": more.step } });
  }

  /** Which of the files are in the folder, or below it, already and unchanged. */
  drive_present(node_id: string, body: SoughtFiles): Promise<FoundFiles> {
    return this.call("POST", `/drive/node/${part(node_id)}/present`, { body, sent: "application/json" });
  }

  /** A picture of the file; page: of a document. `v`, its version: then the answer holds for ever.
   * blank: where there is none, one that is not seen, for a page that shows something below it. */
  drive_preview(node_id: string, more: { size?: number; page?: number; v?: string; blank?: boolean } = {}): Promise<string> {
    return this.call("GET", `/drive/node/${part(node_id)}/preview`, { query: { "size": more.size, "page": more.page, "v": more.v, "blank": more.blank } });
  }

  /** The numbers alone, for a page that stays open. */
  drive_progress(job_id: string): Promise<MoveInProgress> {
    return this.call("GET", `/drive/move-in/${part(job_id)}/progress`);
  }

  /** Does it. A second request with the same Idempotency-Key gets the first one's answer. */
  fabric_act(name: string, body: ActBody, more: { idempotency_key?: string } = {}): Promise<Record<string, unknown>> {
    return this.call("POST", `/fabric/actions/${part(name)}`, { headers: { "Idempotency-Key": more.idempotency_key }, body, sent: "application/json" });
  }

  /** For an app whose own door somebody came to with this credential. */
  fabric_check(body: Asking): Promise<Allowed> {
    return this.call("POST", "/fabric/check", { body, sent: "application/json" });
  }

  /** Cuts a grant for another app from one that this app holds. */
  fabric_delegate(grant: string, body: Delegating): Promise<GrantTold> {
    return this.call("POST", `/fabric/grants/${part(grant)}/delegate`, { body, sent: "application/json" });
  }

  /** What is at an address, for a person who may see it or an app that was granted it. */
  fabric_describe(address: string): Promise<ObjectTold> {
    return this.call("GET", "/fabric/objects", { query: { "address": address } });
  }

  /** The things at these addresses are found no more. */
  fabric_forget(address: string[]): Promise<IndexAnswer> {
    return this.call("DELETE", "/fabric/index", { query: { "address": address } });
  }

  /** The grants in force that the app of this credential has of this person. */
  fabric_held(): Promise<Held> {
    return this.call("GET", "/fabric/grants/held");
  }

  /** By which biscuits of this installation are checked, and narrowed by whoever holds one. */
  fabric_key(): Promise<Key> {
    return this.call("GET", "/fabric/key");
  }

  /** What whoever asks may do: with the object `on`, with nothing (`on=`), or at all. */
  fabric_list_actions(more: { on?: string | null; q?: string; done?: string } = {}): Promise<Offered[]> {
    return this.call("GET", "/fabric/actions", { query: { "on": more.on, "q": more.q, "done": more.done } });
  }

  /** Things of the credential's person are found within a second; what was refused, and why. */
  fabric_push(body: IndexPush): Promise<IndexAnswer> {
    return this.call("POST", "/fabric/index", { body, sent: "application/json" });
  }

  /** The JSON Schema (2020-12) of `synfonium.app.json`, for editors and for whoever checks one. */
  fabric_schema(): Promise<Record<string, unknown>> {
    return this.call("GET", "/fabric/manifest.schema.json");
  }

  /** The person's own things and what others share with them; for an app, what it was granted. */
  fabric_search(more: { q?: string; limit?: number; offset?: number; app?: string; interface?: string } = {}): Promise<Found> {
    return this.call("GET", "/fabric/search", { query: { "q": more.q, "limit": more.limit, "offset": more.offset, "app": more.app, "interface": more.interface } });
  }

  /** One action: its schema for programs, its form for people. */
  fabric_show_action(name: string, more: { on?: string } = {}): Promise<Offered> {
    return this.call("GET", `/fabric/actions/${part(name)}`, { query: { "on": more.on } });
  }

  /** Takes a CloudEvent 1.0 (`application/cloudevents+json`), or up to 100 of them
   * (`application/cloudevents-batch+json`), from the app that shows its access token. An event that
   * was taken before, by its id, is taken again and changes nothing. */
  fabric_tell(body: CloudEvent): Promise<void> {
    return this.call("POST", "/fabric/events", { body, sent: "application/cloudevents+json" });
  }

  /** A biscuit of a grant that this app holds. */
  fabric_token(grant: string, body: Narrowing): Promise<Token> {
    return this.call("POST", `/fabric/grants/${part(grant)}/token`, { body, sent: "application/json" });
  }

  /** Raises NotAnApp, BadNotice, TooManyToday. */
  notifications_tell(body: PlainNotice): Promise<Told> {
    return this.call("POST", "/notifications", { body, sent: "application/json" });
  }

  /** What matches `q`, a page at a time. vertical: web, news, images, videos or documents. time: day,
   * week, month or year. safe: off, moderate or strict. prefs: a token of preferences. outside: 1
   * asks other engines too, those that are on here; they learn the words and the language. */
  search_api_search(more: { q?: string; lang?: string; page?: number; vertical?: string; time?: string; safe?: string; prefs?: string; outside?: string } = {}): Promise<Results> {
    return this.call("GET", "/api/search", { query: { "q": more.q, "lang": more.lang, "page": more.page, "vertical": more.vertical, "time": more.time, "safe": more.safe, "prefs": more.prefs, "outside": more.outside } });
  }

  /** OpenSearch suggestions: words of indexed pages, never of what anybody searched. */
  search_suggest(more: { q?: string } = {}): Promise<(string | string[])[]> {
    return this.call("GET", "/api/search/suggest", { query: { "q": more.q } });
  }
}
