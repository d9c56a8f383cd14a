// Builds every app's web folder and the kit into src/synfonium/static, with hashed names (but for what
// strangers' pages load) and a manifest from source name ("drive/explorer.js", "kit/tokens.css") to built file.
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, extname, relative, resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

const APPS = "src/synfonium/apps";
const OUT = "src/synfonium/static";
/** What pages of other origins load, at an address that stays. */
const STABLE = new Map([["web/kit/elements/elements.ts", "kit/elements"]]);

/** The room that a source belongs to: "kit" or an app. */
function room(file: string): string {
  return file.startsWith("web/kit/") ? "kit" : (file.split("/")[3] ?? "");
}

/** Modules and style sheets, to the name under which pages ask for them, less its extension. */
function entries(): Map<string, string> {
  const found = globSync([`${APPS}/*/web/*.{ts,css}`, "web/kit/*.{ts,css}"]);
  const built = found.filter((file) => !file.endsWith(".d.ts") && !file.endsWith(".test.ts"));
  const named = built.map((file): [string, string] => [
    file,
    `${room(file)}/${basename(file, extname(file))}`,
  ]);
  return new Map([...named, ...[...STABLE].filter(([file]) => existsSync(file))]);
}

/** Icons, marks and fonts, to the name under which pages ask for them. */
function files(): Map<string, string> {
  const images = "*.{svg,png,webp,ico}";
  const found = globSync([`${APPS}/*/web/${images}`, `web/kit/${images}`, "web/kit/fonts/*.woff2"]);
  return new Map(found.map((file) => [file, `${room(file)}/${basename(file)}`]));
}

/** Emits the files that no module imports, and writes down what every name became. */
function manifest(sources: Map<string, string>, others: Map<string, string>): Plugin {
  return {
    name: "synfonium-manifest",
    buildStart() {
      for (const [file, name] of others) {
        this.emitFile({
          type: "asset",
          name: basename(name),
          originalFileName: file,
          source: readFileSync(file),
        });
      }
    },
    generateBundle(_options, bundle) {
      const built: [string, string][] = [];
      for (const output of Object.values(bundle)) {
        if (output.type === "chunk") {
          const source = relative(".", output.facadeModuleId ?? "");
          if (output.isEntry && source.endsWith(".ts"))
            built.push([`${sources.get(source)}.js`, output.fileName]);
          continue;
        }
        for (const original of output.originalFileNames) {
          const name = others.get(original) ?? `${sources.get(original)}.css`;
          if (others.has(original) || sources.has(original)) built.push([name, output.fileName]);
        }
      }
      const sorted = Object.fromEntries(built.sort(([a], [b]) => (a < b ? -1 : 1)));
      this.emitFile({
        type: "asset",
        fileName: "manifest.json",
        source: `${JSON.stringify(sorted, null, 1)}\n`,
      });
    },
  };
}

const sources = entries();
const others = files();

export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [manifest(sources, others)],
  worker: {
    format: "es",
    rollupOptions: {
      output: { entryFileNames: "shared/[name]-[hash].js", chunkFileNames: "shared/[name]-[hash].js" },
    },
  },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2023",
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    rollupOptions: {
      input: Object.fromEntries(
        [...sources].map(([file, name]) => [`${name}${extname(file)}`, resolve(file)]),
      ),
      output: {
        entryFileNames: (chunk) => {
          const name = chunk.name.replace(/\.(ts|css)$/, "");
          return [...STABLE.values()].includes(name) ? `${name}.js` : `${name}-[hash].js`;
        },
        chunkFileNames: "shared/[name]-[hash].js",
        assetFileNames: (asset) => {
          const source = asset.originalFileNames[0] ?? "";
          const name = sources.get(source) ?? others.get(source)?.replace(/\.[^.]+$/, "");
          return name ? `${name}-[hash][extname]` : "shared/[name]-[hash][extname]";
        },
      },
    },
  },
});
