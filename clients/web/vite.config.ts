import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// The build goes where the gateway serves it from, so that it ships in the wheel.
export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@gen": here("./src/gen"), "@": here("./src") } },
  build: {
    outDir: here("../../services/podium/gateway/ui"),
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    chunkSizeWarningLimit: 900,
    // A policy without `data:` and without inline scripts is to hold for everything that is built.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // For work on the pages: `PODIUM_GATEWAY=http://127.0.0.1:3000 npm run dev`.
  server: { proxy: { "^/(podium|auth)": { target: process.env.PODIUM_GATEWAY ?? "http://127.0.0.1:3000" } } },
  test: { environment: "node", include: ["tests/**/*.test.{ts,tsx}"], restoreMocks: true },
});
