// Builds every app's web folder and the kit into src/synfonium/static, with hashed names and a
// manifest from source name ("drive/explorer.js", "kit/tokens.css") to built file.
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

const APPS = "src/synfonium/apps";
const OUT = "src/synfonium/static";

/** Source file to the name under which pages ask for it, without its extension. */
function entries(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of globSync([`${APPS}/*/web/*.{ts,css}`, "web/kit/*.{ts,css}"])) {
    if (file.endsWith(".d.ts") || file.endsWith(".test.ts")) continue;
    const room = file.startsWith("web/kit/") ? "kit" : file.split("/")[3];
    found.set(file, `${room}/${basename(file, extname(file))}`);
  }
  return found;
}

/** Icons, marks and the like, which pages ask for by name. */
function files(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of globSync([`${APPS}/*/web/*.{svg,png,webp,ico}`, "web/kit/*.{svg,png,webp,ico}", "web/kit/fonts/*.woff2"])) {
    const room = file.startsWith("web/kit/") ? "kit" : file.split("/")[3];
    found.set(file, `${room}/${basename(file)}`);
  }
  return found;
}

function manifest(sources: Map<string, string>): Plugin {
  const built: Record<string, string> = {};
  return {
    name: "synfonium-manifest",
    buildStart() {
      for (const [file, name] of files()) {
        const bytes = readFileSync(file);
        const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
        const extension = extname(name);
        const fileName = `${name.slice(0, -extension.length)}-${hash}${extension}`;
        built[name] = fileName;
        this.emitFile({ type: "asset", fileName, source: bytes });
      }
    },
    generateBundle(_options, bundle) {
      for (const output of Object.values(bundle)) {
        if (output.type === "chunk" && output.isEntry && output.facadeModuleId) {
          const source = output.facadeModuleId.slice(resolve(".").length + 1);
          const name = sources.get(source);
          if (name && source.endsWith(".ts")) built[`${name}.js`] = output.fileName;
        }
      }
      for (const output of Object.values(bundle)) {
        if (output.type !== "asset") continue;
        for (const original of output.originalFileNames) {
          const name = sources.get(original);
          if (name && original.endsWith(".css")) built[`${name}.css`] = output.fileName;
        }
      }
      const sorted = Object.fromEntries(Object.entries(built).sort(([a], [b]) => (a < b ? -1 : 1)));
      this.emitFile({ type: "asset", fileName: "manifest.json", source: `${JSON.stringify(sorted, null, 1)}\n` });
    },
  };
}

const sources = entries();

export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [manifest(sources)],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2023",
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    rollupOptions: {
      input: Object.fromEntries([...sources].map(([file, name]) => [`${name}${extname(file)}`, resolve(file)])),
      output: {
        entryFileNames: (chunk) => `${chunk.name.replace(/\.(ts|css)$/, "")}-[hash].js`,
        chunkFileNames: "shared/[name]-[hash].js",
        assetFileNames: (asset) => {
          const source = asset.originalFileNames[0] ?? "";
          const name = sources.get(source) ?? files().get(source)?.replace(/\.[^.]+$/, "");
          return name ? `${name}-[hash][extname]` : "shared/[name]-[hash][extname]";
        },
      },
    },
  },
});
