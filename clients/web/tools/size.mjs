// Prints what a first visit loads as JavaScript, gzipped, and refuses to let it grow past its bound.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT_KIB = 250;
const ui = new URL("../../../services/podium/gateway/ui/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", ui), "utf8"));

const seen = new Set();
const visit = (key) => {
  if (seen.has(key)) return;
  seen.add(key);
  (manifest[key].imports ?? []).forEach(visit);
};
visit(Object.keys(manifest).find((key) => manifest[key].isEntry));

const bytes = [...seen].reduce((sum, key) => sum + gzipSync(readFileSync(new URL(manifest[key].file, ui))).length, 0);
const kib = bytes / 1024;
const worker = readdirSync(new URL("assets/", ui)).find((name) => /^shared\.worker-.*\.js$/.test(name));
const beside = worker ? gzipSync(readFileSync(new URL(`assets/${worker}`, ui))).length / 1024 : 0;
console.log(`entry JavaScript: ${kib.toFixed(1)} KiB gzipped (bound ${LIMIT_KIB} KiB); beside it, once for all tabs, the shared worker: ${beside.toFixed(1)} KiB`);
if (kib > LIMIT_KIB) process.exit(1);
