import { createContext, use, useCallback, useMemo, useState, type ReactNode } from 'react';
import type { Api, Me } from './api/client';
import type { Host, ThemeName } from './host';
import type { Navigation } from './navigation';
import { Drafts, sessionOf } from './parts/drafts';

interface App {
  api: Api;
  host: Host;
  me: Me;
  theme: ThemeName;
  navigation: Navigation;
  /** The bulk edits that are being put together. */
  drafts: Drafts;
  /** Tells people who do not see the page that something has happened. */
  announce(text: string): void;
}

const Context = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = use(Context);
  if (!app) throw new Error('no app around');
  return app;
}

export function AppProvider({
  api,
  host,
  me,
  theme,
  navigation,
  children,
}: {
  api: Api;
  host: Host;
  me: Me;
  theme: ThemeName;
  navigation: Navigation;
  children: ReactNode;
}) {
  const drafts = useMemo(() => new Drafts(`${me.tenant}/${me.id}`, sessionOf(window)), [me.tenant, me.id]);
  const [said, setSaid] = useState('');
  const announce = useCallback((text: string) => setSaid(text), []);
  const app = useMemo(
    () => ({ api, host, me, theme, navigation, drafts, announce }),
    [api, host, me, theme, navigation, drafts, announce],
  );
  return (
    <Context value={app}>
      {children}
      <div role="status" aria-live="polite" className="unseen">{said}</div>
    </Context>
  );
}
