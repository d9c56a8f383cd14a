/* The form of an action inside the palette, and doing it. */
import type { Action, Content, Field, Thing } from "./content";
import { element, icon } from "./dom";

export interface Done {
  object?: string;
  page?: string;
}

/** Asks for what the action takes, then does it. `onDone` is called once. */
export function formOf(
  action: Action,
  content: Content,
  here: Thing | null,
  sprite: string,
  onBack: () => void,
  onDone: (done: Done) => void,
): HTMLFormElement {
  const { words } = content;
  const alert = element("p", { class: "wrong", role: "alert", hidden: "" });
  const submit = element("button", { class: "btn main", type: "submit" }, action.title);
  const back = element("button", { class: "btn", type: "button" }, words["back"] ?? "");
  back.addEventListener("click", onBack);
  const form = element("form", { class: "form" }) as HTMLFormElement;
  const head = element("h2", {}, action.title);
  if (here) head.append(element("span", { class: "quiet" }, ` · ${here.title}`));
  form.append(head);
  if (action.takes && !here)
    form.append(chooser("_object", words["which"] ?? "", true, words["choose"] ?? ""));
  for (const field of action.fields) form.append(control(field, words["choose"] ?? ""));
  const acts = element("div", { class: "acts" });
  acts.append(submit, back);
  form.append(alert, acts);
  if (form.querySelector("select[data-things]")) void fill(form, action.name);
  // One key for one filling-in: sent twice, it is done once.
  const key = crypto.randomUUID();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit.setAttribute("aria-disabled", "true");
    void send(form, action, here, key)
      .then(onDone)
      .catch((refusal: unknown) => {
        alert.replaceChildren(
          icon(sprite, "circle-alert"),
          refusal instanceof Refused ? refusal.message : (words["failed"] ?? ""),
        );
        alert.hidden = false;
        submit.removeAttribute("aria-disabled");
        form.querySelector<HTMLElement>("input, select, textarea")?.focus();
      });
  });
  return form;
}

class Refused extends Error {}

async function send(form: HTMLFormElement, action: Action, here: Thing | null, key: string): Promise<Done> {
  const sent = new FormData(form);
  const object = action.takes ? (here?.address ?? String(sent.get("_object") ?? "")) : "";
  const answer = await fetch(`/fabric/actions/${action.name}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "idempotency-key": key },
    body: JSON.stringify({ object, input: inputOf(action.fields, sent) }),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Refused([told.title, told.detail].filter(Boolean).join(" "));
  return told as Done;
}

/** The input that a filled form means; what is empty and not required is left out. */
export function inputOf(fields: Field[], sent: FormData): Record<string, unknown> {
  const input = new Map<string, unknown>();
  for (const field of fields) {
    const text = String(sent.get(field.name) ?? "");
    if (field.kind === "boolean") input.set(field.name, sent.has(field.name));
    else if (text || (field.is_sent && (field.kind === "text" || field.kind === "long")))
      input.set(field.name, meant(field, text));
  }
  return Object.fromEntries(input);
}

function meant(field: Field, text: string): unknown {
  if (field.kind === "integer" || field.kind === "number") return Number(text);
  if (field.kind === "choice") return field.meant[Number(text)];
  if (field.kind !== "json") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function control(field: Field, choose: string): HTMLElement {
  if (field.kind === "object") return chooser(field.name, field.title, field.is_required, choose);
  const given: Record<string, string> = { name: field.name, id: `palette-${field.name}` };
  if (field.is_required && field.kind !== "boolean") given["required"] = "";
  if (field.kind === "boolean") {
    const box = element("input", { ...given, class: "check", type: "checkbox" });
    if (field.value === "true") box.setAttribute("checked", "");
    const label = element("label", { class: "choice" });
    label.append(box, element("span", {}, field.title));
    return label;
  }
  if (field.kind === "choice") {
    const options = field.choices.map((choice, at) => element("option", { value: String(at) }, choice));
    const select = element("select", { ...given, class: "field" });
    if (!field.is_required) select.append(element("option", { value: "" }, "–"));
    select.append(...options);
    return labelled(field.title, field.hint, select);
  }
  const isNumber = field.kind === "integer" || field.kind === "number";
  if (field.least !== null) given[isNumber ? "min" : "minlength"] = String(field.least);
  if (field.most !== null) given[isNumber ? "max" : "maxlength"] = String(field.most);
  if (field.kind === "long" || field.kind === "json")
    return labelled(
      field.title,
      field.hint,
      element("textarea", { ...given, class: "field", rows: "4" }, field.value),
    );
  const step = field.kind === "number" ? { step: "any" } : {};
  const type = isNumber ? "number" : "text";
  const input = element("input", {
    ...given,
    ...step,
    class: "field",
    type,
    value: field.value,
    autocomplete: "off",
  });
  return labelled(field.title, field.hint, input);
}

function labelled(title: string, hint: string, input: HTMLElement): HTMLElement {
  const around = element("div", {});
  around.append(element("label", { class: "lab", for: input.id }, title));
  if (hint) {
    around.append(element("p", { class: "hint", id: `${input.id}-hint` }, hint));
    input.setAttribute("aria-describedby", `${input.id}-hint`);
  }
  around.append(input);
  return around;
}

function chooser(name: string, title: string, isRequired: boolean, choose: string): HTMLElement {
  const select = element("select", { class: "field", name, id: `palette-${name}`, "data-things": "" });
  if (isRequired) select.setAttribute("required", "");
  select.append(element("option", { value: "" }, `${choose}…`));
  return labelled(title, "", select);
}

async function fill(form: HTMLFormElement, action: string): Promise<void> {
  const answer = await fetch(`/fabric/palette/things?action=${encodeURIComponent(action)}`);
  if (!answer.ok) return;
  const things: Thing[] = await answer.json();
  for (const select of form.querySelectorAll("select[data-things]"))
    select.append(...things.map((thing) => element("option", { value: thing.address }, thing.title)));
}
