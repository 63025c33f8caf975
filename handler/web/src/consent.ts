import { consentChannel } from './host';
import { base, settings } from './settings';

const verifierBytes = 32;

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

/**
 * The window in which somebody consents: it goes on to Entra ID, which comes back here, and then says so and closes.
 * Nothing is done with the code that comes back: the program exchanges the tab's own token.
 */
export async function consentWindow(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const to = query.get('to');
  if (to) {
    const state = base64url(crypto.getRandomValues(new Uint8Array(verifierBytes)));
    const verifier = base64url(crypto.getRandomValues(new Uint8Array(verifierBytes)));
    const challenge = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
    sessionStorage.setItem('image-pro-state', state);
    const address = new URL(to);
    // A link of somebody else's.
    if (address.origin !== new URL(settings.authority).origin) throw new Error('consent is asked for elsewhere');
    address.searchParams.set('redirect_uri', location.origin + base + '/consent');
    address.searchParams.set('state', state);
    if (!address.pathname.endsWith('/adminconsent')) {
      address.searchParams.set('code_challenge', base64url(new Uint8Array(challenge)));
      address.searchParams.set('code_challenge_method', 'S256');
    }
    location.assign(address);
    return;
  }
  const strange = query.get('state') !== sessionStorage.getItem('image-pro-state');
  sessionStorage.removeItem('image-pro-state');
  history.replaceState(null, '', base + '/consent');
  const error = strange ? 'state' : (query.get('error') ?? undefined);
  new BroadcastChannel(consentChannel).postMessage({ error });
  if (window.opener || 'nativeInterface' in window) {
    const teams = await import('./teams');
    const answered = await Promise.race([
      teams.app.initialize().then(
        () => true,
        () => false,
      ),
      new Promise((done) => setTimeout(done, 1500)),
    ]);
    if (answered && error) teams.authentication.notifyFailure(error);
    else if (answered) teams.authentication.notifySuccess('');
  }
  window.close();
}
