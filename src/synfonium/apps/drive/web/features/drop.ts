/* What was dropped on the page or chosen in a field, folders included. */

/** A file to send into `folder`, below it at `path`. */
export interface Item {
  file: File;
  path: string;
  folder: string;
}

export const MOST_FILES = 50_000;

/** The files of a drop; those in folders with their path. At most 50,000. */
export async function dropped(transfer: DataTransfer, folder: string): Promise<Item[]> {
  // Entries must be asked for before the first await: then the browser forgets them.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const files = [...transfer.files];
  const items: Item[] = [];
  if (entries.every((entry) => entry === null)) {
    return files.map((file) => ({ file, path: "", folder }));
  }
  for (const entry of entries) if (entry) await walk(entry, "", folder, items);
  return items;
}

/** The files of a field; those of a folder with their path. */
export function picked(field: HTMLInputElement, folder: string): Item[] {
  return [...(field.files ?? [])].slice(0, MOST_FILES).map((file) => ({
    file,
    path: file.webkitRelativePath.split("/").slice(0, -1).join("/"),
    folder,
  }));
}

async function walk(entry: FileSystemEntry, path: string, folder: string, items: Item[]): Promise<void> {
  if (items.length >= MOST_FILES) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    items.push({ file, path, folder });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const inner = path ? `${path}/${entry.name}` : entry.name;
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return;
    for (const child of batch) await walk(child, inner, folder, items);
  }
}
