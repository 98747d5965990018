// Leaves compressed forms beside what was built, once and well, so that the gateway needs to compress no file.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ui = new URL("../../../services/podium/gateway/ui/", import.meta.url);
const SMALLEST = 1024;

for (const name of readdirSync(ui, { recursive: true })) {
  const file = new URL(name, ui);
  if (!/\.(js|css|svg|html)$/.test(name) || statSync(file).size < SMALLEST) continue;
  const bytes = readFileSync(file);
  writeFileSync(new URL(`${name}.gz`, ui), gzipSync(bytes, { level: 9 }));
  writeFileSync(new URL(`${name}.br`, ui), brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
}
