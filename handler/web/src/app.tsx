import {
  FluentProvider,
  RendererProvider,
  createDOMRenderer,
  teamsDarkTheme,
  teamsHighContrastTheme,
  teamsLightTheme,
} from '@fluentui/react-components';
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { Suspense, lazy, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { Route, Router, Switch, useLocation, type BaseLocationHook } from 'wouter';
import { body, type Api } from './api/client';
import { retry, retryDelay } from './api/problem';
import { AppProvider } from './context';
import type { Host } from './host';
import type { Navigation } from './navigation';
import { Home } from './pages/home';
import { LibraryGallery, TabGallery } from './pages/gallery';
import { Boundary } from './parts/boundary';
import { Failure } from './parts/failure';
import { Shell } from './parts/shell';
import { LeaveDialog } from './parts/unsaved';
import { Waiting } from './parts/waiting';
import { base, nonce } from './settings';

const Bulk = lazy(() => import('./pages/bulk'));
const Configuration = lazy(() => import('./pages/configuration'));
const Editor = lazy(() => import('./pages/editor'));
const Help = lazy(() => import('./pages/help'));
const Jobs = lazy(() => import('./pages/jobs'));
const JobPage = lazy(() => import('./pages/job'));
const Picture = lazy(() => import('./pages/picture'));
const Presets = lazy(() => import('./pages/presets'));
const Privacy = lazy(() => import('./pages/privacy'));
const Schedules = lazy(() => import('./pages/schedules'));

const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });
const queries = new QueryClient({
  defaultOptions: { queries: { retry, retryDelay, staleTime: 30_000, refetchOnWindowFocus: false } },
});
const themes = { light: teamsLightTheme, dark: teamsDarkTheme, contrast: teamsHighContrastTheme };

/** What gives a page the path, and leads to another one. */
const pathOf = (navigation: Navigation): BaseLocationHook =>
  function usePath() {
    return [useSyncExternalStore(navigation.subscribe, navigation.path), navigation.navigate];
  };

export function App({ host, api, navigation }: { host: Host; api: Api; navigation: Navigation }) {
  const [theme, setTheme] = useState(host.theme);
  useEffect(() => host.onTheme(setTheme), [host]);
  const usePath = useMemo(() => pathOf(navigation), [navigation]);
  return (
    <RendererProvider renderer={renderer}>
      <FluentProvider
        theme={themes[theme]}
        dir={document.documentElement.dir as 'ltr' | 'rtl'}
        style={{ height: '100%' }}
      >
        <QueryClientProvider client={queries}>
          <Router base={base} hook={usePath}>
            <SignedIn host={host} api={api} theme={theme} navigation={navigation} />
          </Router>
        </QueryClientProvider>
      </FluentProvider>
    </RendererProvider>
  );
}

function SignedIn({
  host,
  api,
  theme,
  navigation,
}: {
  host: Host;
  api: Api;
  theme: ReturnType<Host['theme']>;
  navigation: Navigation;
}) {
  const me = useQuery({ queryKey: ['me'], queryFn: () => body(api.typed.GET('/me')), staleTime: Infinity });
  const [path, go] = useLocation();
  useEffect(() => {
    if (host.subPage?.startsWith('/')) go(host.subPage, { replace: true });
  }, [host, go]);
  if (me.error) return <Failure problem={me.error} again={() => me.refetch()} host={host} api={api} />;
  if (!me.data) return <Waiting />;
  return (
    <AppProvider api={api} host={host} me={me.data} theme={theme} navigation={navigation}>
      <Shell>
        <Boundary key={path}>
          <Suspense fallback={<Waiting />}>
            <Switch>
              <Route path="/">{host.entityId ? <TabGallery id={host.entityId} orHome /> : <Home />}</Route>
              <Route path="/tabs/:id">{({ id }) => <TabGallery id={decodeURIComponent(id)} />}</Route>
              <Route path="/library/:drive/:folder">
                {({ drive, folder }) => (
                  <LibraryGallery driveId={decodeURIComponent(drive)} folderId={decodeURIComponent(folder)} />
                )}
              </Route>
              <Route path="/picture/:drive/:item">
                {({ drive, item }) => <Picture driveId={decodeURIComponent(drive)} itemId={decodeURIComponent(item)} />}
              </Route>
              <Route path="/edit/:drive/:item">
                {({ drive, item }) => <Editor driveId={decodeURIComponent(drive)} itemId={decodeURIComponent(item)} />}
              </Route>
              <Route path="/bulk">
                <Bulk />
              </Route>
              <Route path="/bulk/:id">{({ id }) => <Bulk id={id} />}</Route>
              <Route path="/jobs">
                <Jobs />
              </Route>
              <Route path="/jobs/:id">{({ id }) => <JobPage id={id} />}</Route>
              <Route path="/schedules">
                <Schedules />
              </Route>
              <Route path="/presets">
                <Presets />
              </Route>
              <Route path="/help">
                <Help />
              </Route>
              <Route path="/privacy">
                <Privacy />
              </Route>
              <Route path="/config">
                <Configuration />
              </Route>
              <Route>
                <Home />
              </Route>
            </Switch>
          </Suspense>
        </Boundary>
      </Shell>
      <LeaveDialog />
    </AppProvider>
  );
}
