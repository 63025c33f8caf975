/** What the program that serves the tab says of itself; package web writes it into the page. */
export interface Settings {
  appId: string;
  teamsApp: string;
  scope: string;
  authority: string;
  signIn?: string;
  version: string;
}

const read = (): Settings => {
  const text = document.querySelector<HTMLMetaElement>('meta[name=settings]')?.content ?? '';
  return JSON.parse(text) as Settings;
};

export const settings = read();

/** The number that lets this page have styles of its own; see the Content-Security-Policy. */
export const nonce = document.querySelector<HTMLElement>('meta[property=csp-nonce]')?.nonce ?? '';

/** Where the tab lies. */
export const base = '/api/tab';
