import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomes, itemOf, manage, newPage, open, photos, site, stack, toGallery, until } from './kit.mjs';

/** A token of the user that has run out. */
const expired = async (user) =>
  (
    await manage('/_sandbox/teams-token', {
      method: 'POST',
      body: { tenant: user.tenant, user: user.id, lifetime: '-1m' },
    })
  ).token;

test('a token that runs out in the middle is replaced, and nobody notices', async () => {
  await site('Lighthouse', 3);
  const page = await newPage();
  let given = 0;
  await page.route('**/sign-in/token?*', async (route) => {
    given++;
    if (given > 1) return route.continue();
    await route.fulfill({
      json: { token: await expired(stack.adele) },
      headers: { 'Access-Control-Allow-Origin': '*' },
    });
  });
  await page.goto(`${stack.tab}/#account=${stack.adele.tenant}/${stack.adele.id}`);
  await toGallery(page, 'Lighthouse');
  assert.ok(given >= 2, `${given} tokens were asked for`);
});

test('a throttled SharePoint is waited for', async () => {
  const { drive } = await site('Cloister', 3);
  const page = await open(stack.adele);
  await page.getByRole('radio', { name: 'Cloister' }).click();
  await page.getByRole('button', { name: 'Show pictures' }).click();
  await page.getByRole('button', { name: 'Summer fair' }).waitFor();
  await manage('/trouble/rules', {
    method: 'POST',
    body: {
      service: 'graph',
      method: 'GET',
      path: drive.slice(2),
      action: 'fail',
      status: 429,
      code: 'TooManyRequests',
      message: 'throttled',
      retryAfterMs: 1000,
      times: 2,
    },
  });
  await page.getByRole('button', { name: 'Summer fair' }).click();
  await page.getByRole('option').first().waitFor();
  await becomes(() => page.getByRole('option').count(), 3, 'all pictures are there');
  const [rule] = (await manage('/trouble/rules')).filter(({ path }) => path === drive.slice(2));
  assert.equal(rule.struck, 2, 'SharePoint did throttle');
});

test('a picture that is not there, or that somebody may not see, is said in words with a way on', async () => {
  const { drive } = await site('Vault', 1, '');
  const [photo] = await photos(1);
  const item = await itemOf(drive, photo.name);
  const stranger = await open(stack.alex, `/picture/${encodeURIComponent(drive)}/${item.id ?? item.ID}`, {
    locale: 'de-DE',
  });
  await stranger
    .getByRole('alert')
    .getByText('Es ist nicht da, oder Sie dürfen es nicht sehen.')
    .or(stranger.getByText('Das dürfen Sie nicht.'))
    .first()
    .waitFor();
  await stranger.getByRole('button', { name: 'Noch einmal versuchen' }).waitFor();
});

test('an organization that has not consented is asked to', async () => {
  const page = await open(stack.frida);
  await page
    .getByRole('alert')
    .getByText(/permission|set up/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: /Allow/ }).waitFor();
});

test('without a connection the tab says so, and goes on afterwards', async () => {
  await site('Ferry', 2);
  const page = await open(stack.adele);
  await page.getByRole('radio', { name: 'Ferry' }).waitFor();
  await page.context().setOffline(true);
  await page.getByRole('tab', { name: 'Presets' }).click();
  await page.getByRole('alert').getByText('There is no connection.').waitFor();
  await page.getByRole('tab', { name: 'Pictures' }).click();
  await page.getByRole('radio', { name: 'Ferry' }).waitFor(); // what is known is still shown
  await page.context().setOffline(false);
  await toGallery(page, 'Ferry');
});

test('people have their data erased, after being asked', async () => {
  const made = await manage('/users', {
    method: 'PUT',
    body: {
      tenant: stack.adele.tenant,
      upn: `noa${Date.now()}@contoso.onmicrosoft.com`,
      name: 'Noa Lindt',
      mail: 'noa@contoso.example',
    },
  });
  const page = await open({ tenant: made.tenant, id: made.id }, '/privacy');
  await page.getByRole('button', { name: 'Erase my data' }).click();
  assert.equal(
    await page.getByRole('button', { name: 'Erase the organization’s data' }).count(),
    0,
    'that is for administrators',
  );
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Erase my data' }).click();
  const receipt = page.waitForResponse((response) => response.request().method() === 'DELETE');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Erase my data' }).click();
  assert.equal((await receipt).status(), 202);
  await page.getByText('Erasing …').waitFor();
});

test('where one was stays after signing in', async () => {
  const page = await newPage();
  await page.goto(`${stack.tab}/presets`);
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
  await page.getByRole('link', { name: stack.adele.name }).click();
  await page.getByRole('heading', { name: 'Presets' }).waitFor();
  await page.getByRole('button', { name: `Account of ${stack.adele.name}` }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
  await until('the account is forgotten', async () => !page.url().startsWith(stack.tab));
});
