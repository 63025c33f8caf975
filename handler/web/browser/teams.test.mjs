import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manage, newPage, screenshot, site, stack, until } from './kit.mjs';

const origin = 'https://teams.microsoft.com';

/**
 * A page that frames the tab as Teams does, and answers what teams-js asks: postMessage with a number, a function's
 * name and its arguments, answered with the same number. It is at Teams' own address, which is what teams-js and the
 * tab's policy look at.
 */
const host = `<!doctype html><html><body style="margin:0">
<iframe id="tab" style="border:0;width:100vw;height:100vh" title="tab" allow="clipboard-write"></iframe><script>
const frame = document.getElementById('tab');
window.asked = [];
window.answers = {};
window.say = (func, ...args) => frame.contentWindow.postMessage({ func, args }, new URL(frame.src).origin);
addEventListener('message', async ({ data, source, origin }) => {
  if (source !== frame.contentWindow || !data || !data.func) return;
  window.asked.push({ func: data.func, args: data.args });
  const answer = window.answers[data.func];
  if (answer === undefined) return;
  const args = typeof answer === 'string' ? await window[answer](...data.args) : answer;
  source.postMessage({ id: data.id, uuidAsString: data.uuidAsString, args }, origin);
});
</script></body></html>`;

const runtime = {
  apiVersion: 4,
  hostVersionsInfo: {},
  isLegacyTeams: false,
  supports: { pages: { config: {}, backStack: {} }, dialog: {}, appInstallDialog: {} },
};

/** The tab in Teams. */
async function teams({ user = stack.adele, path = '/', frameContext = 'content', context = {}, viewport } = {}) {
  const page = await newPage(viewport ? { viewport } : {});
  await page.exposeFunction('teamsToken', async (_resources, claims) => {
    const { token } = await manage('/_sandbox/teams-token', {
      method: 'POST',
      body: { tenant: user.tenant, user: user.id, strong: Boolean(claims?.length) },
    });
    return [true, token];
  });
  await page.route(`${origin}/**`, (route) => route.fulfill({ contentType: 'text/html', body: host }));
  await page.goto(`${origin}/tabs`);
  await page.evaluate(
    ({ address, runtime, frameContext, context }) => {
      window.answers = {
        initialize: [frameContext, 'web', JSON.stringify(runtime), '2.0.1'],
        getContext: [
          {
            locale: 'en-us',
            theme: 'default',
            entityId: '',
            subEntityId: '',
            frameContext,
            hostClientType: 'web',
            sessionId: 's',
            appSessionId: 'a',
            ...context,
          },
        ],
        'authentication.getAuthToken': 'teamsToken',
        'settings.setSettings': [true],
        'pages.config.setConfig': [true],
      };
      document.getElementById('tab').src = address;
    },
    { address: stack.tab + path, runtime, frameContext, context },
  );
  const asked = (func) => page.evaluate((func) => window.asked.filter((one) => one.func === func), func);
  return { page, tab: page.frameLocator('#tab'), asked };
}

test('in Teams people are signed in without a page, and the tab tells Teams that it is ready', async () => {
  const { tab, asked } = await teams();
  await tab.getByRole('heading', { name: 'Hello, Adele' }).waitFor();
  assert.equal((await asked('authentication.getAuthToken')).length > 0, true);
  await until('Teams was told', async () => (await asked('appInitialization.success')).length === 1);
});

test('the tab follows the theme of Teams', async () => {
  const { page, tab } = await teams();
  await tab.getByRole('heading', { name: 'Hello, Adele' }).waitFor();
  const color = () => tab.locator('#main').evaluate((main) => getComputedStyle(main.parentElement).backgroundColor);
  const light = await color();
  await page.evaluate(() => window.say('themeChange', 'dark'));
  await until('it is dark', async () => (await color()) !== light);
  await screenshot(page, 'teams-dark');
  await page.evaluate(() => window.say('themeChange', 'contrast'));
  await until('it is black', async () => (await color()) === 'rgb(0, 0, 0)');
  await screenshot(page, 'teams-contrast');
  await page.evaluate(() => window.say('themeChange', 'default'));
  await until('it is light again', async () => (await color()) === light);
});

test('the language is that of Teams', async () => {
  const { tab } = await teams({ context: { locale: 'de-de' } });
  await tab.getByRole('heading', { name: 'Hallo, Adele' }).waitFor();
});

test('a tab is set up, shown, and changed by the settings of Teams', async () => {
  await site('Boathouse', 4);
  const { page, tab, asked } = await teams({
    path: '/config',
    frameContext: 'settings',
    context: { channelId: '19:abc@thread.tacv2', channelName: 'General' },
  });
  await tab.getByRole('radio', { name: 'Boathouse' }).click();
  await tab.getByRole('button', { name: 'Summer fair' }).click();
  await tab.getByRole('textbox', { name: 'Title' }).fill('At the boathouse');
  await tab.getByRole('combobox', { name: 'Layout' }).selectOption('masonry');
  await until('Teams may save', async () => (await asked('settings.setValidityState')).at(-1)?.args[0] === true);
  await screenshot(page, 'teams-settings');
  await page.evaluate(() => window.say('settings.save', {}));
  await until('it was saved', async () => (await asked('settings.save.success')).length === 1);
  const [config] = (await asked('settings.setSettings')).map(({ args }) => args[0]);
  assert.equal(config.suggestedDisplayName, 'At the boathouse');
  assert.match(config.contentUrl, /\/api\/tab\/$/);

  const shown = await teams({ context: { entityId: config.entityId } });
  await shown.tab.getByRole('heading', { name: 'At the boathouse' }).waitFor();
  await until('its four pictures are there', async () => (await shown.tab.getByRole('option').count()) === 4);
  await until('their thumbnails as well', async () => (await shown.tab.locator('[data-waiting]').count()) === 0);
  await screenshot(shown.page, 'teams-tab');

  const changed = await teams({ path: '/config', frameContext: 'settings', context: { entityId: config.entityId } });
  await changed.tab.getByRole('textbox', { name: 'Title' }).fill('By the water');
  await until(
    'Teams may save',
    async () => (await changed.asked('settings.setValidityState')).at(-1)?.args[0] === true,
  );
  await changed.page.evaluate(() => window.say('settings.save', {}));
  await until('it was saved', async () => (await changed.asked('settings.save.success')).length === 1);
  assert.equal(
    (await changed.asked('settings.setSettings'))[0].args[0].entityId,
    config.entityId,
    'it is the same tab',
  );
  const again = await teams({ context: { entityId: config.entityId } });
  await again.tab.getByRole('heading', { name: 'By the water' }).waitFor();
});

test('a deep link leads to its place', async () => {
  const { tab } = await teams({ context: { subEntityId: '/help' } });
  await tab.getByRole('heading', { name: 'Help', exact: true }).waitFor();
});

test('a claims challenge is answered by another token of Teams', async () => {
  const { page, tab, asked } = await teams();
  await tab.getByRole('heading', { name: 'Hello, Adele' }).waitFor();
  const claims = JSON.stringify({ access_token: { acrs: { essential: true, value: 'c1' } } });
  let refused = 0;
  await page.route('**/api/presets?*', async (route) => {
    if (refused++) return route.continue();
    await route.fulfill({
      status: 401,
      contentType: 'application/problem+json',
      json: { type: 'urn:image-pro:problem:sign_in', title: 'Another sign-in needed', status: 401, detail: '', claims },
    });
  });
  await tab.getByRole('tab', { name: 'Presets' }).click();
  await tab.getByRole('button', { name: 'Add a preset' }).waitFor();
  await until('Teams was asked with the claims', async () =>
    (await asked('authentication.getAuthToken')).some(({ args }) => args[1]?.[0] === claims),
  );
  await until('the presets were asked for again', () => refused >= 2);
});

test('a page that is not Teams cannot frame the tab', async () => {
  const page = await newPage();
  await page.route('https://evil.example/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: `<iframe id="tab" src="${stack.tab}/"></iframe>` }),
  );
  await page.goto('https://evil.example/');
  await until('the policy refused it', () => page.problems.some((problem) => /frame-ancestors/.test(problem)));
});
