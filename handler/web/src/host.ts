import type { app as teamsApp } from '@microsoft/teams-js';
import { base, settings } from './settings';

export type ThemeName = 'light' | 'dark' | 'contrast';

/** What the tab asks of a token: an answer to a claims challenge, or one that was not given before. */
export interface TokenWish {
  claims?: string;
  fresh?: boolean;
}

/** What the tab's own settings page tells Teams when somebody saves. */
export interface TabSettings {
  entityId: string;
  title: string;
}

/** Where the tab is shown: Teams, or a browser by itself. */
export interface Host {
  kind: 'teams' | 'browser';
  locale: string;
  /** The id under which the tab was saved. */
  entityId?: string;
  /** Where a deep link leads in the tab, such as /jobs/abc. */
  subPage?: string;
  channel?: { id: string; name?: string };
  theme: () => ThemeName;
  onTheme: (changed: (theme: ThemeName) => void) => void;
  token: (wish?: TokenWish) => Promise<string>;
  /** Lets the user consent at an address of Entra ID's, and returns when they have. */
  consent: (url: string) => Promise<void>;
  /** Signs in anew; in a browser the page is left. */
  signIn: () => Promise<void>;
  signOut?: () => void;
  /** A link that leads others to a place in the tab. */
  link: (path: string, label: string) => string;
  /** The tab's settings page in Teams. */
  configuration?: {
    valid: (valid: boolean) => void;
    onSave: (save: () => Promise<TabSettings>) => void;
  };
  ready: () => void;
}

/** Finds out where the tab is shown. In a frame that does not answer as Teams does it is a browser. */
export async function findHost(): Promise<Host> {
  const framed = window.parent !== window || 'nativeInterface' in window;
  if (framed) {
    const found = await teamsHost().catch(() => undefined);
    if (found) return found;
  }
  return settings.signIn ? sandboxHost(settings.signIn) : browserHost();
}

const patience = 5000;

const within = <T>(time: number, work: Promise<T>): Promise<T> =>
  Promise.race([work, new Promise<T>((_, fail) => setTimeout(() => fail(new Error('no answer')), time))]);

const teamsTheme = (name: string | undefined): ThemeName =>
  name === 'contrast' ? 'contrast' : name === 'dark' ? 'dark' : 'light';

async function teamsHost(): Promise<Host> {
  const teams = await import('./teams');
  await within(patience, teams.app.initialize());
  const context: teamsApp.Context = await within(patience, teams.app.getContext());
  let theme = teamsTheme(context.app.theme);
  const channel = context.channel && { id: context.channel.id, name: context.channel.displayName };
  return {
    kind: 'teams',
    locale: context.app.locale,
    entityId: context.page.id || undefined,
    subPage: context.page.subPageId || undefined,
    channel,
    theme: () => theme,
    onTheme: (changed) => teams.app.registerOnThemeChangeHandler((name) => changed((theme = teamsTheme(name)))),
    token: (wish) =>
      teams.authentication.getAuthToken({ silent: false, ...(wish?.claims && { claims: [wish.claims] }) }),
    consent: async (url) => {
      await teams.authentication.authenticate({
        url: `${location.origin}${base}/consent?to=${encodeURIComponent(url)}`,
        width: 600,
        height: 640,
      });
    },
    signIn: async () => {
      await teams.authentication.getAuthToken({ silent: false });
    },
    link: (path, label) => {
      const inside = JSON.stringify({ subEntityId: path, ...(channel && { channelId: channel.id }) });
      const entity = `${settings.teamsApp}/${encodeURIComponent(context.page.id || 'pictures')}`;
      const query = `label=${encodeURIComponent(label)}&context=${encodeURIComponent(inside)}`;
      return `https://teams.microsoft.com/l/entity/${entity}?${query}`;
    },
    configuration:
      (context.page.frameContext as string) !== 'settings'
        ? undefined
        : {
            valid: (valid) => teams.pages.config.setValidityState(valid),
            onSave: (save) =>
              teams.pages.config.registerOnSaveHandler((event) => {
                void save()
                  .then(async ({ entityId, title }) => {
                    await teams.pages.config.setConfig({
                      entityId,
                      suggestedDisplayName: title,
                      contentUrl: `${location.origin}${base}/`,
                      websiteUrl: `${location.origin}${base}/tabs/${entityId}`,
                    });
                    event.notifySuccess();
                  })
                  .catch((problem: unknown) => event.notifyFailure(problem instanceof Error ? problem.message : ''));
              }),
          },
    ready: () => {
      teams.app.notifyAppLoaded();
      void teams.app.notifySuccess();
    },
  };
}

/** What every browser has in common. */
const plain = () => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const contrast = matchMedia('(forced-colors: active)');
  const theme = (): ThemeName => (contrast.matches ? 'contrast' : dark.matches ? 'dark' : 'light');
  return {
    kind: 'browser' as const,
    locale: new URLSearchParams(location.search).get('locale') ?? navigator.language,
    theme,
    onTheme: (changed: (theme: ThemeName) => void) => {
      for (const query of [dark, contrast]) query.addEventListener('change', () => changed(theme()));
    },
    consent: consentInWindow,
    link: (path: string) => `${location.origin}${base}${path}`,
    ready: () => {},
  };
};

/** The channel by which the window of a consent says that it is over. */
export const consentChannel = 'image-pro-consent';

function consentInWindow(url: string): Promise<void> {
  return new Promise((done, fail) => {
    const opened = window.open(`${base}/consent?to=${encodeURIComponent(url)}`, '_blank', 'width=600,height=640');
    if (!opened) return fail(new Error('popup'));
    const channel = new BroadcastChannel(consentChannel);
    const closed = setInterval(() => {
      if (opened.closed) end(() => fail(new Error('closed')));
    }, 500);
    const end = (then: () => void) => {
      clearInterval(closed);
      channel.close();
      then();
    };
    channel.onmessage = (message: MessageEvent<{ error?: string }>) =>
      end(() => (message.data.error ? fail(new Error(message.data.error)) : done()));
  });
}

/**
 * The sandbox says who signed in, by the fragment, and gives their tokens. It is there on a developer's machine only.
 */
function sandboxHost(page: string): Host {
  const key = 'image-pro-account';
  const given = new URLSearchParams(location.hash.slice(1)).get('account');
  if (given) {
    sessionStorage.setItem(key, given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  const leave = (): Promise<never> => {
    sessionStorage.removeItem(key);
    location.assign(`${page}?return=${encodeURIComponent(location.href)}`);
    return new Promise(() => {});
  };
  let known = '';
  return {
    ...plain(),
    token: async (wish) => {
      const account = sessionStorage.getItem(key);
      if (!account) return leave();
      if (known && !wish?.fresh && !wish?.claims) return known;
      const [tenant, user] = account.split('/');
      const query = new URLSearchParams({ tenant, user, app: settings.appId, ...(wish?.claims && { strong: 'true' }) });
      const response = await fetch(`${page}/token?${query}`);
      if (!response.ok) return leave();
      known = ((await response.json()) as { token: string }).token;
      return known;
    },
    signIn: leave,
    signOut: () => void leave(),
  };
}

/** Entra ID's own sign-in, for people who open the tab in a browser. */
function browserHost(): Host {
  const client = import('@azure/msal-browser').then(async (msal) => {
    const app = await msal.createStandardPublicClientApplication({
      auth: {
        clientId: settings.appId,
        authority: `${settings.authority}/organizations`,
        knownAuthorities: [new URL(settings.authority).host],
        redirectUri: `${location.origin}${base}/signed-in`,
      },
      cache: { cacheLocation: 'sessionStorage' },
    });
    const answer = await app.handleRedirectPromise();
    const account = answer?.account ?? app.getActiveAccount() ?? app.getAllAccounts()[0];
    if (account) app.setActiveAccount(account);
    return { app, msal };
  });
  const scopes = [settings.scope];
  const redirect = async (claims?: string): Promise<never> => {
    const { app } = await client;
    await app.acquireTokenRedirect({ scopes, claims, state: location.pathname + location.search });
    return new Promise(() => {});
  };
  return {
    ...plain(),
    token: async (wish) => {
      const { app, msal } = await client;
      if (!app.getActiveAccount() || wish?.claims) return redirect(wish?.claims);
      try {
        return (await app.acquireTokenSilent({ scopes, forceRefresh: wish?.fresh })).accessToken;
      } catch (problem) {
        if (problem instanceof msal.InteractionRequiredAuthError) return redirect();
        throw problem;
      }
    },
    signIn: redirect,
    signOut: () =>
      void client.then(({ app }) => app.logoutRedirect({ postLogoutRedirectUri: `${location.origin}${base}/` })),
  };
}
