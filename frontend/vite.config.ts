/// <reference types="vitest/config" />
/** Building, the development server (with the real server or a mock behind it), tests. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { mockServer } from "./test/mock/vite-plugin.ts";

const server = process.env.ORDERYARD_URL ?? "http://127.0.0.1:3000";

export default defineConfig(({ mode }) => ({
  plugins: [react(), ...(mode === "mock" ? [mockServer()] : [])],
  build: {
    assetsInlineLimit: 0, // every asset has its own address: no data: in the content policy
    cssTarget: ["chrome123", "firefox120", "safari17.5"], // the first with light-dark()
    reportCompressedSize: true,
  },
  server: {
    port: 5173,
    ...(mode !== "mock" && { proxy: { "/graphql": server, "/auth": server, "/files": server } }),
  },
  preview: {
    headers: {
      // The policy that the program serves its pages under.
      "content-security-policy":
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    },
  },
  test: {
    environment: "jsdom",
    setupFiles: ["test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}", "test/**/*.test.{ts,tsx}"],
    testTimeout: 60_000,
    css: false,
  },
}));
