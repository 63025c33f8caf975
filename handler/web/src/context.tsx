import { createContext, use, useCallback, useMemo, useState, type ReactNode } from 'react';
import type { Api, Me } from './api/client';
import type { Host, ThemeName } from './host';
import type { Navigation } from './navigation';
import { Drafts, sessionOf } from './parts/drafts';

/** Something that people have to know of what was saved, beside that it was. */
export interface Notice {
  title: string;
  lines: string[];
}

interface App {
  api: Api;
  host: Host;
  me: Me;
  theme: ThemeName;
  navigation: Navigation;
  /** The bulk edits that are being put together. */
  drafts: Drafts;
  /** Shown above all pages until it is dismissed. */
  notice?: Notice;
  notify: (notice: Notice | undefined) => void;
  /** Tells people who do not see the page that something has happened. */
  announce: (text: string) => void;
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
  const [notice, notify] = useState<Notice>();
  const [said, setSaid] = useState('');
  const announce = useCallback((text: string) => setSaid(text), []);
  const app = useMemo(
    () => ({ api, host, me, theme, navigation, drafts, notice, notify, announce }),
    [api, host, me, theme, navigation, drafts, notice, announce],
  );
  return (
    <Context value={app}>
      {children}
      <div role="status" aria-live="polite" className="unseen">
        {said}
      </div>
    </Context>
  );
}
