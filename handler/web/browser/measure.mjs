// Measures the tab in Chromium on this machine, over the sandbox: make bench-tab. It prints, and judges nothing.
import { launch, manage, scriptBytes, sdkBytes, stack } from './stack.mjs';

const { adele } = stack;
const browser = await launch('--enable-precise-memory-info', '--js-flags=--expose-gc');
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const [site] = (await manage('/graph/sites')).filter(({ name, Name }) => (name ?? Name) === 'Measured');
const drive = site.driveId ?? site.DriveID;
const gallery = `${stack.tab}/library/${encodeURIComponent(drive)}/root#account=${adele.tenant}/${adele.id}`;

// What a person waits for who opens the tab, nothing cached.
const paints = [];
const fifties = [];
const asked = [];
for (let run = 0; run < 5; run++) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1500 } });
  const page = await context.newPage();
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(gallery);
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll('[role=option] img')].filter((one) => one.complete && one.naturalWidth > 0)
        .length >= 50,
    undefined,
    { polling: 20, timeout: 120_000 },
  );
  fifties.push(await page.evaluate(() => performance.now()));
  paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime));
  await context.close();
}
console.log(
  `bench: tab first contentful paint ${Math.round(median(paints))} ms, ` +
    `50 thumbnails after ${Math.round(median(fifties))} ms (medians of 5, an empty cache)`,
);
const script = await scriptBytes(asked);
console.log(
  `bench: tab script ${Math.round(script / 1000)} kB gzipped before the editor, ` +
    `${Math.round((script + (await sdkBytes())) / 1000)} kB in Teams`,
);

// Scrolling through all of them, a screen at a time and smoothly.
const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
const page = await context.newPage();
await page.goto(gallery);
await page.getByRole('option').first().waitFor();
await page.waitForFunction(
  (all) => Number(document.querySelector('[role=option]')?.getAttribute('aria-setsize')) === all,
  stack.images,
  { timeout: 240_000 },
);
const memory = async () => {
  await page.evaluate(() => {
    globalThis.gc?.();
  });
  return page.evaluate(() => performance.memory.usedJSHeapSize / 1e6);
};
const scroll = (from, to, time) =>
  page.evaluate(
    async ([from, to, time]) => {
      const box = document.querySelector('[role=listbox]').parentElement;
      const end = box.scrollHeight - box.clientHeight;
      const begin = performance.now();
      let last = begin;
      const gaps = [];
      for (;;) {
        const now = await new Promise(requestAnimationFrame);
        gaps.push(now - last);
        last = now;
        const share = Math.min(1, (now - begin) / time);
        box.scrollTop = end * (from + (to - from) * share);
        if (share === 1) return gaps.slice(1);
      }
    },
    [from, to, time],
  );
const gaps = [];
const heaps = [await memory()];
for (let part = 0; part < 4; part++) {
  gaps.push(...(await scroll(part / 4, (part + 1) / 4, 5000)));
  heaps.push(await memory());
}
await page.waitForTimeout(1000);
await scroll(1, 0, 2000);
await page.waitForTimeout(1000);
heaps.push(await memory());
gaps.sort((a, b) => a - b);
const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
console.log(
  `bench: tab ${stack.images} images scrolled through in 20 s: ${(1000 / mean).toFixed(1)} frames a second, ` +
    `the slowest hundredth after ${gaps[Math.floor(gaps.length * 0.99)].toFixed(0)} ms`,
);
console.log(
  `bench: tab script memory before, at each quarter and back at the top: ` +
    `${heaps.map((heap) => heap.toFixed(0)).join(', ')} MB; ` +
    `${await page.evaluate(() => document.querySelectorAll('*').length)} elements`,
);
await browser.close();
