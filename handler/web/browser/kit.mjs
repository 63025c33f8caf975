// What the tests in a browser begin with.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { deflateSync } from 'node:zlib';
import { launch, manage, stack } from './stack.mjs';

export { manage, stack };

let browser;
after(() => browser?.close());
// Pages that nobody looks at any more would go on asking and drawing.
afterEach(() => Promise.all((browser?.contexts() ?? []).map((context) => context.close())));

/** A page of somebody's own: nothing is shared with other pages. */
export async function newPage(options = {}) {
  browser ??= await launch();
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-US', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000); // a busy machine takes its time
  page.problems = [];
  page.requests = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && page.problems.push(message.text()));
  page.on('request', (request) => page.requests.push(request.url()));
  const pending = new Set();
  page.on('request', (request) => /^http/.test(request.url()) && pending.add(request));
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => pending.delete(request));
  page.pending = pending;
  return page;
}

/** Opens the tab as a user of the sandbox, at a path in it. */
export async function open(user, path = '/', options = {}) {
  const page = await newPage(options);
  await page.goto(`${stack.tab}${path}#account=${user.tenant}/${user.id}`);
  return page;
}

/** The photographs that were drawn. */
export async function photos(count = 12) {
  const names = (await readdir(stack.photos)).sort().slice(0, count);
  return Promise.all(names.map(async (name) => ({ name, content: await readFile(join(stack.photos, name)) })));
}

/** A site with a library that has photographs in a folder. */
export async function site(name, count = 12, folder = 'Summer fair') {
  const { adele } = stack;
  const made = await manage('/graph/sites', {
    method: 'POST',
    body: { Tenant: adele.tenant, Name: name, Owner: adele.id },
  });
  const drive = made.driveId ?? made.DriveID;
  for (const photo of await photos(count)) {
    const path = folder ? `${folder}/${photo.name}` : photo.name;
    await put(drive, path, photo.content);
  }
  return { ...made, name, drive };
}

const query = (fields) => new URLSearchParams(fields).toString();

/** Saves a file in a library as a user: Adele, unless it is said. */
export const put = (drive, path, content, user = stack.adele) =>
  manage(`/graph/drives/${encodeURIComponent(drive)}/files?${query({ path, by: user.id })}`, {
    method: 'PUT',
    body: content,
  });

/** The versions of a file in the sandbox, newest first. */
export const versions = (drive, item) =>
  manage(`/graph/drives/${encodeURIComponent(drive)}/versions?${query({ item })}`);
export const content = (drive, item, version = '') =>
  manage(`/graph/drives/${encodeURIComponent(drive)}/content?${query({ item, version })}`, { raw: true });
export const itemOf = (drive, item) => manage(`/graph/drives/${encodeURIComponent(drive)}/item?${query({ item })}`);

const crc = (bytes) => {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
};

/** A PNG file with 16 bits a channel: a gradient. */
export function deepPicture(width, height) {
  const chunk = (type, data) => {
    const named = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(named));
    return Buffer.concat([length, named, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([16, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + 6 * width)); // each begins with 0: no filter
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      [x / width, y / height, 1 - x / width].forEach((share, at) =>
        rows.writeUInt16BE(Math.round(65535 * share), y * (1 + 6 * width) + 1 + 6 * x + 2 * at),
      );
    }
  }
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A picture of its own, open in the editor. */
export async function editing(name, options = {}, own = undefined) {
  const { drive } = await site(name, own ? 0 : 1, '');
  const [photo] = own ? [own] : await photos(1);
  if (own) await put(drive, own.name, own.content);
  const item = await itemOf(drive, photo.name);
  const id = item.id ?? item.ID;
  const page = await open(stack.adele, `/edit/${encodeURIComponent(drive)}/${id}`, options);
  await page.getByRole('button', { name: 'Crop to the frame' }).waitFor();
  await page.getByText('Opening the picture').waitFor({ state: 'detached' });
  return { page, drive, id, name: photo.name, photo, before: sizeOf(await content(drive, photo.name)) };
}

/** Finds a library on the first page, and opens its folder. */
export async function toGallery(page, name, folder = 'Summer fair') {
  await page.getByRole('radio', { name, exact: true }).click();
  await page.getByRole('button', { name: 'Show pictures' }).click();
  if (folder) await page.getByRole('button', { name: folder }).click();
  await page.getByRole('option').first().waitFor();
}

/** Waits until something is so. */
export async function until(what, check, time = 60_000) {
  for (const end = Date.now() + time; ; ) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`it did not come true that ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Waits until something is what it has to be. */
export async function becomes(get, want, what) {
  let got;
  const is = async () => isDeepStrictEqual((got = await get()), want);
  await until(what, is).catch(() => assert.deepEqual(got, want, what));
}

/** Waits until a page has all that it asked for, and shows it. */
export async function settled(page) {
  let quiet = 0; // times in a row
  await until('the page has all that it asked for', async () => {
    const waits = page.pending.size > 0 || (await page.locator('.fui-Skeleton, [data-waiting]').count()) > 0;
    quiet = waits ? 0 : quiet + 1;
    return quiet === 3;
  });
}

/** Waits until a page has drawn what it was told to. */
export const drawn = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** What axe finds wrong on a page. */
export async function axe(page) {
  const source = await readFile(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
  await page.evaluate(source);
  // The dummies are where Fluent's keyboard navigation takes the focus and passes it on at once.
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(
      { exclude: [['[data-tabster-dummy]']] },
      { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
    ),
  );
  return violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes.map((node) => `${node.target.join(' ')} ${node.html.slice(0, 160)}`).join(' | ')}`,
  );
}

/** Keeps a picture of a page, for people to look at. */
export const screenshot = (page, name) => page.screenshot({ path: join(stack.screens, `${name}.png`) });

/** Width and height of a JPEG or PNG file. */
export function sizeOf(file) {
  if (file[0] === 0x89) return { width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
  for (let at = 2; ; ) {
    const marker = file[at + 1];
    if (marker >= 0xc0 && marker <= 0xc2)
      return { height: file.readUInt16BE(at + 5), width: file.readUInt16BE(at + 7) };
    at += 2 + file.readUInt16BE(at + 2);
  }
}
