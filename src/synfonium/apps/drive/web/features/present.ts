/* Which files are there already, unchanged: a folder that is sent again goes on where it was. */

import type { Item } from "./drop";

const AT_ONCE = 500;

/** Those of the items that stand in their folder with this name, size and time. */
export async function present(items: Item[]): Promise<Set<Item>> {
  const found = new Set<Item>();
  const byFolder = new Map<string, Item[]>();
  for (const item of items) {
    const some = byFolder.get(item.folder);
    if (some) some.push(item);
    else byFolder.set(item.folder, [item]);
  }
  for (const [folder, some] of byFolder) {
    for (let at = 0; at < some.length; at += AT_ONCE) {
      const part = some.slice(at, at + AT_ONCE);
      const answers = await asked(folder, part);
      for (const [index, item] of part.entries()) if (answers[index]) found.add(item);
    }
  }
  return found;
}

async function asked(folder: string, items: Item[]): Promise<boolean[]> {
  const files = items.map(({ file, path }) => ({
    path,
    name: file.name,
    size_bytes: file.size,
    modified_ms: file.lastModified,
  }));
  const answer = await fetch(`/drive/node/${folder}/present`, {
    method: "POST",
    body: JSON.stringify({ files }),
    headers: { "content-type": "application/json", accept: "application/json" },
  });
  if (!answer.ok) return [];
  return ((await answer.json()) as { is_present: boolean[] }).is_present;
}
