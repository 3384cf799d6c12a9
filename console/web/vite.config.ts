import { defineConfig } from "vitest/config";

// Relative addresses only: the pages work under any path, behind any proxy.
export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    // Everything in files of its own: the content security policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Graphviz, compiled to wasm, is one file of 1.2 MB that only the worker loads.
    chunkSizeWarningLimit: 1400,
  },
  worker: { format: "es" },
  test: { environment: "happy-dom", isolate: false, include: ["src/**/*.test.{ts,tsx}"] },
});
