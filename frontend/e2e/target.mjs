/**
 * What the story runs against: the demo of the built program (`ORDERYARD_BIN`, by
 * default the debug build), a server that runs already (`ORDERYARD_URL`), or with
 * `--mock` the built pages over the pretend server.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const START_MS = 120_000;
const STOP_MS = 15_000;

/**
 * @typedef {{ url: string, stop: () => Promise<void>, log: () => string }} Target
 * @returns {Promise<Target>}
 */
export async function startTarget() {
  if (process.argv.includes("--mock")) return startMock();
  if (process.env.ORDERYARD_URL) {
    return { url: process.env.ORDERYARD_URL, stop: async () => {}, log: () => "" };
  }
  return startDemo(resolve(process.env.ORDERYARD_BIN ?? builtBinary()));
}

function builtBinary() {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const binary = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug", "orderyard");
  if (!existsSync(binary)) {
    throw new Error(
      `build the program first (cargo build), or name it in ORDERYARD_BIN: ${binary}`,
    );
  }
  return binary;
}

/**
 * @param {string} binary
 * @returns {Promise<Target>}
 */
async function startDemo(binary) {
  const folder = mkdtempSync(join(tmpdir(), "orderyard-story-"));
  const demo = spawn(binary, ["demo"], {
    cwd: folder,
    env: { ...process.env, PORT: process.env.PORT ?? "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const url = await new Promise((found, failed) => {
    const timer = setTimeout(() => failed(new Error(`no address in\n${output}`)), START_MS);
    const read = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
      const address = /dashboard\D*?(https?:\/\/[^\s/]+)/i.exec(output)?.[1];
      if (!address) return;
      clearTimeout(timer);
      found(address);
    };
    demo.stdout.on("data", read);
    demo.stderr.on("data", read);
    demo.once("error", failed);
    demo.once("exit", (code) => failed(new Error(`the demo ended with ${code}:\n${output}`)));
  });
  return {
    url,
    log: () => output,
    stop: async () => {
      const ended = new Promise((done) => demo.once("exit", done));
      demo.kill("SIGINT");
      const timer = setTimeout(() => demo.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @returns {Promise<Target>} */
async function startMock() {
  const { preview } = await import("vite");
  const server = await preview({ mode: "mock", preview: { port: 0, host: "127.0.0.1" } });
  const address = server.httpServer.address();
  const port = address && typeof address === "object" ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close(), log: () => "" };
}
