// make test-tab and make bench-tab start a stack (the sandbox, the local host and the real program), and say in
// IMAGEPRO_STACK where it is.
import { readFile, readdir } from 'node:fs/promises';
import { chromium } from 'playwright-core';

export const stack = JSON.parse(process.env.IMAGEPRO_STACK);

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
  // A page at Teams' address may frame what is on this machine. The browser's own pages are not loaded beside ours.
  '--disable-features=LocalNetworkAccessChecks,PreloadTopChromeWebUI,MediaRouter,OptimizationHints',
];

/** Starts Chromium. */
export const launch = (...more) => chromium.launch({ executablePath: stack.chromium, args: [...flags, ...more] });

/** Asks the sandbox's management port. */
export async function manage(path, { method = 'GET', body, raw = false } = {}) {
  const sent = body === undefined ? undefined : Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const response = await fetch(stack.management + path, { method, body: sent });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  if (raw) return Buffer.from(await response.arrayBuffer());
  return response.status === 204 ? undefined : response.json();
}

const assets = new URL('../dist/assets/', import.meta.url);
const lengths = async (names) =>
  (await Promise.all(names.map((name) => readFile(new URL(`${name}.gz`, assets))))).reduce(
    (sum, file) => sum + file.length,
    0,
  );

/** The bytes of script that were asked for, as they come: gzipped. */
export const scriptBytes = (requests) =>
  lengths([...new Set(requests.filter((url) => url.endsWith('.js')).map((url) => url.split('/').pop()))]);

/** The bytes of teams-js, gzipped: it comes when the tab is in a frame. */
export async function sdkBytes() {
  const names = (await readdir(assets))
    .filter((name) => /^teams-js-.*\.js\.gz$/.test(name))
    .map((name) => name.slice(0, -3));
  if (names.length === 0) throw new Error('teams-js is in no file of its own');
  return lengths(names);
}
