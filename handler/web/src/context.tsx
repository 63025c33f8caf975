import { createContext, use, useCallback, useMemo, useState, type ReactNode } from 'react';
import type { Api, Entry, Me } from './api/client';
import type { Host, ThemeName } from './host';
import type { Recipe } from './recipe/recipe';

/** What pictures a bulk edit is about, before it is one. */
export type Chosen =
  | { kind: 'images'; images: Entry[] }
  | { kind: 'folder'; driveId: string; folderId: string; name: string };

interface App {
  api: Api;
  host: Host;
  me: Me;
  theme: ThemeName;
  /** What was chosen for a bulk edit, and what is to be done, on the way from one page to another. */
  chosen?: Chosen;
  choose(chosen: Chosen | undefined): void;
  draft?: Recipe;
  setDraft(recipe: Recipe | undefined): void;
  /** Tells people who do not see the page that something has happened. */
  announce(text: string): void;
}

const Context = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = use(Context);
  if (!app) throw new Error('no app around');
  return app;
}

export function AppProvider({ api, host, me, theme, children }: { api: Api; host: Host; me: Me; theme: ThemeName; children: ReactNode }) {
  const [chosen, choose] = useState<Chosen>();
  const [draft, setDraft] = useState<Recipe>();
  const [said, setSaid] = useState('');
  const announce = useCallback((text: string) => setSaid(text), []);
  const app = useMemo(() => ({ api, host, me, theme, chosen, choose, draft, setDraft, announce }), [api, host, me, theme, chosen, draft, announce]);
  return (
    <Context value={app}>
      {children}
      <div role="status" aria-live="polite" className="unseen">{said}</div>
    </Context>
  );
}
