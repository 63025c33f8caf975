import assert from 'node:assert/strict';
import { test } from 'node:test';
import { content, newPage, photos, site, stack, toGallery, versions } from './kit.mjs';

const step = async (page, name) => {
  await page.getByRole('button', { name: 'Add a step' }).click();
  await page.getByRole('menuitem', { name, exact: true }).click();
};
const ended = (page) => page.locator('#main').getByText('done', { exact: true }).waitFor({ timeout: 60_000 });
const tryIt = async (page) => {
  await page.getByRole('button', { name: 'Try without saving' }).click();
  await page.getByRole('heading', { name: 'Trial' }).waitFor();
};

/** A folder of pictures whose bulk edit is being put together: a filter for all. Notes what is asked of the API. */
async function drafting(name, count = 3) {
  const { drive } = await site(name, count);
  const asked = [];
  const page = await newPage();
  await page.exposeFunction('note', (call) => asked.push(call));
  await page.addInitScript(() => {
    // what is sent as a stream is seen nowhere else
    const send = globalThis.fetch;
    globalThis.fetch = async (request, ...more) => {
      const { pathname } = new URL(request.url ?? request, location.href);
      if (request.method === 'POST' && /^\/api\/bulk-edits(\/|$)/.test(pathname)) {
        const text = await request.clone().text();
        await globalThis.note({
          path: pathname,
          body: text ? JSON.parse(text) : undefined,
          key: request.headers.get('Idempotency-Key'),
        });
      }
      return send(request, ...more);
    };
  });
  await page.goto(`${stack.tab}/#account=${stack.adele.tenant}/${stack.adele.id}`);
  await toGallery(page, name);
  await page.getByRole('button', { name: 'Edit all' }).click();
  await step(page, 'Filter');
  const files = (await photos(count)).map((photo) => `Summer fair/${photo.name}`);
  const saved = async () => (await Promise.all(files.map((file) => versions(drive, file)))).map((all) => all.length);
  return { page, drive, files, asked, saved };
}

/** Answers as a service that is busy, so many times. */
const busy = (page, times) =>
  page.route(
    '**/api/bulk-edits',
    (route) =>
      route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          type: 'urn:image-pro:problem:busy',
          title: 'Busy',
          detail: 'SharePoint is throttled.',
          status: 503,
        }),
      }),
    { times },
  );

test('a dry run that failed and is tried again stays a dry run', async () => {
  const { page, asked, saved } = await drafting('Dunes');
  await busy(page, 2);
  await page.getByRole('button', { name: 'Try without saving' }).click();
  for (let at = 0; at < 2; at++) {
    await page.getByRole('alert').getByText('SharePoint is throttled.').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
  }
  await page.getByRole('heading', { name: 'Trial' }).waitFor();
  await ended(page);
  assert.deepEqual(
    asked.map(({ body }) => body.dryRun),
    [true, true, true],
    'each call was for a dry run',
  );
  assert.deepEqual(new Set(asked.map(({ key }) => key)).size, 1, 'and for the same one');
  assert.deepEqual(await saved(), [1, 1, 1]);
});

test('an edit that failed is not what is tried again once the draft says otherwise', async () => {
  const { page, asked } = await drafting('Marsh');
  await busy(page, 1);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('alert').getByText('SharePoint is throttled.').waitFor();
  await page.getByRole('radio', { name: 'As a copy' }).click();
  await page.getByRole('alert').waitFor({ state: 'detached' });
  assert.equal(asked.length, 1);
});

test('the draft survives Back, reload and its dry run, with the way of saving', async () => {
  const { page, saved } = await drafting('Heath');
  await page.getByRole('radio', { name: 'As a copy' }).click();
  await page.getByRole('textbox', { name: 'Name of the copies' }).fill('{name}-tried');
  await page.getByRole('textbox', { name: 'Only names like' }).fill('*.jp*g');
  const whole = async () => {
    await page.getByRole('list', { name: 'Steps' }).getByText('Filter').first().waitFor();
    assert.ok(await page.getByRole('radio', { name: 'As a copy' }).isChecked(), 'it is saved as a copy');
    assert.equal(await page.getByRole('textbox', { name: 'Name of the copies' }).inputValue(), '{name}-tried');
    assert.equal(await page.getByRole('textbox', { name: 'Only names like' }).inputValue(), '*.jp*g');
    await page.getByText('All pictures of “Summer fair”').waitFor();
  };
  await page.reload();
  await whole();
  await tryIt(page);
  await page.goBack();
  await whole();
  await page.goForward();
  await ended(page);
  await page.reload();
  await page.getByRole('button', { name: 'Change settings' }).click();
  await whole();
  assert.deepEqual(await saved(), [1, 1, 1]);
});

test('a dry run leads to exactly the edit that was tried, and back to its settings', async () => {
  const { page, drive, files, asked, saved } = await drafting('Fen');
  await page.getByRole('radio', { name: 'As a copy' }).click();
  await page.getByRole('textbox', { name: 'Name of the copies' }).fill('{name}-tried');
  await tryIt(page);
  await ended(page);
  const trial = page.url();
  await page.getByRole('button', { name: 'Edit 3 pictures' }).click();
  await page.getByRole('heading', { name: 'Bulk edit' }).waitFor();
  await ended(page);
  assert.deepEqual(await saved(), [1, 1, 1], 'the pictures are as they were');
  for (const file of files) await content(drive, file.replace(/(\.[^.]+)$/, '-tried$1'));
  assert.deepEqual(
    asked.map(({ path }) => path.split('/').slice(-1)[0]),
    ['bulk-edits', 'apply'],
  );

  const edit = page.url();
  await page.goto(trial);
  await page.getByRole('button', { name: 'Edit 3 pictures' }).click();
  await page.waitForURL(edit); // it is there already
  await page.getByRole('tab', { name: 'Bulk edits' }).click();
  await page.locator(`a[href="${new URL(trial).pathname}"]`).click();
  await page.getByRole('button', { name: 'Change settings' }).click();
  assert.equal(await page.getByRole('textbox', { name: 'Name of the copies' }).inputValue(), '{name}-tried');
});

test('neither double clicks, nor a held Enter, nor a second window start more than was asked for', async () => {
  const { page, asked, saved } = await drafting('Copse');
  await page.getByRole('button', { name: 'Try without saving' }).evaluate((button) => {
    for (let at = 0; at < 3; at++) button.click(); // before the page can draw itself anew
    [...document.querySelectorAll('button')].find((one) => one.textContent === 'Start').click();
  });
  await page.getByRole('heading', { name: 'Trial' }).waitFor();
  await ended(page);
  assert.deepEqual(
    asked.map(({ body }) => body.dryRun),
    [true],
    'one dry run, and nothing else',
  );

  await page.goBack();
  await page.getByRole('button', { name: 'Try without saving' }).focus();
  for (let at = 0; at < 5; at++) await page.keyboard.press('Enter', { delay: 0 });
  await page.getByRole('heading', { name: 'Trial' }).waitFor();
  await ended(page);
  assert.deepEqual(
    asked.map(({ body }) => body.dryRun),
    [true, true],
    'one more dry run',
  );
  assert.deepEqual(await saved(), [1, 1, 1]);

  const other = await page.context().newPage();
  await other.goto(`${page.url()}#account=${stack.adele.tenant}/${stack.adele.id}`);
  const button = (window) => window.getByRole('button', { name: 'Edit 3 pictures' });
  await Promise.all([button(page).waitFor(), button(other).waitFor()]);
  await Promise.all(
    [page, other].map((window) =>
      button(window).evaluate((one) => {
        one.click();
        one.click();
      }),
    ),
  );
  for (const window of [page, other]) {
    await window.getByRole('heading', { name: 'Bulk edit' }).waitFor();
    await ended(window);
  }
  assert.equal(new URL(page.url()).pathname, new URL(other.url()).pathname, 'both windows show the same bulk edit');
  assert.deepEqual(await saved(), [2, 2, 2], 'each picture was edited once');
});

test('an edit whose answer was lost is the same edit after a reload', async () => {
  const { page, asked, saved } = await drafting('Glen', 2);
  await page.route(
    '**/api/bulk-edits',
    async (route) => {
      await route.fetch(); // it has arrived
      await route.abort();
    },
    { times: 1 },
  );
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('alert').getByText('There is no connection.').waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('heading', { name: 'Bulk edit' }).waitFor();
  await ended(page);
  assert.equal(asked.length, 2);
  assert.equal(asked[0].key, asked[1].key);
  assert.deepEqual(await saved(), [2, 2]);
});

test('a draft is not for whoever comes next', async () => {
  const { page } = await drafting('Tarn', 1);
  const place = page.url();
  const kept = () =>
    page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('image-pro-draft')).length);
  assert.equal(await kept(), 1);
  await page.goto('about:blank');
  await page.goto(`${place}#account=${stack.alex.tenant}/${stack.alex.id}`);
  await page.getByText('This draft is no longer available.', { exact: false }).waitFor();
  assert.equal(await kept(), 0, 'it is gone with its owner');
});

test('nothing is kept in the browser but what the inventory names', async () => {
  const { page } = await drafting('Moraine', 1);
  await page.getByRole('radio', { name: 'As a copy' }).click();
  const answered = page.waitForResponse('**/api/privacy');
  await tryIt(page);
  await ended(page);
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Privacy' }).click();
  const { kept } = await (await answered).json();
  const declared = new Set(
    kept
      .filter(({ place }) => place === 'browser')
      .flatMap(({ name, fields }) => fields.map((field) => `${name.replace(/<.*>/, '')} ${field.name}`)),
  );
  const found = await page.evaluate(async () => ({
    session: Object.entries(sessionStorage),
    local: Object.keys(localStorage),
    cookies: document.cookie,
    databases: (await indexedDB.databases()).length,
    caches: await caches.keys().catch(() => []),
  }));
  const fields = found.session
    .filter(([key]) => key !== 'image-pro-account')
    .flatMap(([key, text]) => {
      // the sandbox's own
      const { draft, ...rest } = JSON.parse(text);
      const name = `session storage: ${key.replace(/[0-9a-f]{8}-[0-9a-f-]{27}$/, '')}`;
      return [...Object.keys(rest), ...Object.keys(draft).map((field) => `draft/${field}`)].map(
        (field) => `${name} ${field}`,
      );
    });
  assert.ok(fields.length >= 6, `${fields}`);
  assert.deepEqual(
    fields.filter((field) => !declared.has(field)),
    [],
  );
  assert.deepEqual(
    { ...found, session: undefined },
    { session: undefined, local: [], cookies: '', databases: 0, caches: [] },
  );

  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
  await page.goto(`${stack.tab}/no-page#account=${stack.adele.tenant}/${stack.adele.id}`);
  assert.deepEqual(
    await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('image-pro-draft'))),
    [],
    'signing out forgets',
  );
});
