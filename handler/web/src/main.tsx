import { createRoot } from 'react-dom/client';
import { Api } from './api/client';
import { App } from './app';
import { consentWindow } from './consent';
import { findHost } from './host';
import { speak } from './i18n';
import { Navigation } from './navigation';
import { base } from './settings';
import './style.css';

async function start() {
  if (location.pathname === base + '/consent') return consentWindow();
  const host = await findHost();
  await speak(host.locale);
  createRoot(document.getElementById('root')!).render(
    <App host={host} api={new Api(host)} navigation={new Navigation(window)} />,
  );
  host.ready();
}

void start();
