import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manage, newPage, open, stack, until } from './kit.mjs';

/** The page of the tab as it is where there is no sandbox: people sign in at Entra ID. */
const withoutSandbox = (page) =>
  page.addInitScript(() => {
    const observer = new MutationObserver(() => {
      const settings = document.querySelector('meta[name=settings]');
      if (!settings) return;
      observer.disconnect();
      settings.content = settings.content.replace(/"signIn":"[^"]*",/, '');
    });
    observer.observe(document, { childList: true, subtree: true });
  });

const choose = async (page, user) => {
  await page.getByRole('radio', { name: new RegExp(user.name) }).check();
  await page.getByRole('button', { name: 'Accept' }).click();
};

test('in a browser people sign in at Entra ID, and are back where they wanted to be', async () => {
  const page = await newPage({ ignoreHTTPSErrors: true });
  await withoutSandbox(page);
  await page.goto(`${stack.tab}/presets`);
  await choose(page, stack.adele);
  await page.getByRole('heading', { name: 'Presets' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/api/tab/presets');
  await page.getByRole('button', { name: `Account of ${stack.adele.name}` }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Presets' }).waitFor(); // the session is still there
  assert.deepEqual(
    await page.evaluate(() => Object.keys(localStorage).filter((key) => /token/.test(key))),
    [],
    'nothing is kept when the browser is closed',
  );
});

test('who has to consent does so in a window, and goes on', async () => {
  const made = await manage('/users', {
    method: 'PUT',
    body: {
      tenant: stack.frida.tenant,
      upn: `gus${Date.now()}@fabrikam.onmicrosoft.com`,
      name: 'Gus Fjell',
      mail: 'gus@fabrikam.example',
    },
  });
  const page = await open({ tenant: made.tenant, id: made.id }, '/', { ignoreHTTPSErrors: true });
  const opened = page.waitForEvent('popup');
  await page.getByRole('button', { name: 'Allow' }).click();
  const window = await opened;
  const closed = window.waitForEvent('close');
  await choose(window, made);
  await closed;
  await page.getByRole('heading', { name: 'Hello, Gus' }).waitFor();
});

test('who declines is where they were', async () => {
  const made = await manage('/users', {
    method: 'PUT',
    body: {
      tenant: stack.frida.tenant,
      upn: `ida${Date.now()}@fabrikam.onmicrosoft.com`,
      name: 'Ida Strand',
      mail: 'ida@fabrikam.example',
    },
  });
  const page = await open({ tenant: made.tenant, id: made.id }, '/', { ignoreHTTPSErrors: true });
  const opened = page.waitForEvent('popup');
  await page.getByRole('button', { name: 'Allow' }).click();
  const window = await opened;
  const closed = window.waitForEvent('close');
  await window.getByRole('button', { name: 'Cancel' }).click();
  await closed;
  await page.getByRole('button', { name: 'Allow', disabled: false }).waitFor();
});

test('the window of a consent leads to Entra ID and nowhere else', async () => {
  const page = await newPage();
  await page.goto(`${stack.tab}/consent?to=${encodeURIComponent('https://evil.example/common/oauth2/v2.0/authorize')}`);
  await until('it is refused', () => page.problems.some((problem) => /elsewhere/.test(problem)));
  assert.ok(page.url().startsWith(stack.tab), page.url());
  assert.deepEqual(
    page.requests.filter((url) => url.includes('//evil.example')),
    [],
  );
});
