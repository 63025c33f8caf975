import {
  Breadcrumb,
  BreadcrumbButton,
  BreadcrumbDivider,
  BreadcrumbItem,
  Button,
  Input,
  Menu,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Skeleton,
  SkeletonItem,
  Text,
  Title3,
  Toolbar,
  ToolbarButton,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import {
  ArrowSort20Regular,
  DismissRegular,
  Edit20Regular,
  Folder20Regular,
  Grid20Regular,
  ImageMultiple20Regular,
  Search20Regular,
} from '@fluentui/react-icons';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Fragment, useCallback, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link as RouteLink, useLocation } from 'wouter';
import { body, type Entry, type Properties, type Tab } from '../api/client';
import { Problem } from '../api/problem';
import { useApp } from '../context';
import { number } from '../i18n/format';
import { Carousel } from '../parts/carousel';
import { Details } from '../parts/details';
import type { Chosen } from '../parts/drafts';
import { Failure } from '../parts/failure';
import { Grid } from '../parts/grid';
import type { Layout } from '../parts/layout';
import { sorted, type Sort, type SortBy } from '../parts/order';
import { bulkAt } from '../parts/places';
import { Home } from './home';

const useStyles = makeStyles({
  page: { height: '100%', display: 'grid', gridTemplateColumns: 'minmax(0, 1fr) auto', position: 'relative' },
  main: { minHeight: 0, display: 'grid', gridTemplateRows: 'auto auto auto auto 1fr' },
  head: { padding: '12px 12px 0', display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: '8px' },
  grow: { flexGrow: 1, minWidth: 0 },
  folders: { display: 'flex', gap: '8px', padding: '8px 12px', overflowX: 'auto' },
  order: { padding: '8px 12px 0', color: tokens.colorNeutralForeground2 },
  body: { minHeight: 0, paddingTop: '8px' },
  chosen: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: '8px',
    padding: '6px 12px',
    margin: '8px 12px 0',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorBrandBackground2,
    color: tokens.colorNeutralForeground1,
  },
  empty: { padding: '48px 24px', textAlign: 'center', display: 'grid', gap: '12px', justifyItems: 'center' },
  waiting: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(150px, 1fr))',
    gap: '8px',
    padding: '0 12px',
  },
});

/** Up to so many pictures are listed without being asked for, so that sorting and selecting mean all of them. */
const listed = 10_000;
const pageSize = 200;

/** What a tab of a channel shows. */
export function TabGallery({ id, orHome }: { id: string; orHome?: boolean }) {
  const { api } = useApp();
  const tab = useQuery({
    queryKey: ['tab', id],
    queryFn: () => body(api.typed.GET('/tabs/{id}', { params: { path: { id } } })),
  });
  if (orHome && tab.error instanceof Problem && tab.error.kind === 'not_found') return <Home />;
  if (tab.error) return <Failure problem={tab.error} again={tab.refetch} />;
  if (!tab.data) return <Placeholders />;
  const { driveId, folderId = 'root' } = tab.data;
  return <Gallery driveId={driveId} folderId={folderId} tab={tab.data} key={`${id} ${driveId} ${folderId}`} />;
}

/** Any folder of any library. */
export function LibraryGallery({ driveId, folderId }: { driveId: string; folderId: string }) {
  return <Gallery driveId={driveId} folderId={folderId} key={`${driveId} ${folderId}`} />;
}

function Gallery({ driveId, folderId: top, tab }: { driveId: string; folderId: string; tab?: Tab }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, drafts, announce, navigation } = useApp();
  const [, go] = useLocation();
  const title = tab?.title ?? t('gallery.library');
  const [trail, setTrail] = useState<{ id: string; name: string }[]>([]);
  const folderId = trail.at(-1)?.id ?? top;
  const [layout, setLayout] = useState<Layout>(tab?.layout ?? 'grid');
  const [sort, setSort] = useState<Sort>({ by: tab?.sort?.by ?? 'name', descending: tab?.sort?.descending ?? false });
  const [filter, setFilter] = useState('');
  const name = useDeferredValue(filter.trim());
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [open, setOpen] = useState<Entry>();
  const onOpen = useCallback((entry: Entry) => navigation.leave(() => setOpen(entry)), [navigation]);
  const enter = (folders: typeof trail) => {
    setTrail(folders);
    setSelected(new Set());
  };

  // SharePoint sorts by name alone, and the API would read the whole folder for each page of another order. Everything
  // is listed here anyway, so other orders are made here, once it is.
  const descending = sort.by === 'name' && sort.descending;
  const list = useInfiniteQuery({
    queryKey: ['items', driveId, folderId, descending, name],
    queryFn: ({ pageParam }) =>
      body(
        api.typed.GET('/drives/{driveId}/items', {
          params: {
            path: { driveId },
            query: {
              folder: folderId,
              sort: 'name',
              descending,
              thumbnails: true,
              limit: pageSize,
              ...(name && { name }),
              ...(pageParam && { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  });
  const { hasNextPage, isFetching, fetchNextPage } = list;
  const entries = useMemo(() => (list.data?.pages ?? []).flatMap((page) => page.items ?? []), [list.data]);
  const folders = useMemo(() => entries.filter((entry) => entry.folder), [entries]);
  const inOrder: Sort = hasNextPage ? { by: 'name', descending } : sort;
  const { by } = inOrder;
  const images = useMemo(
    () =>
      sorted(
        entries.filter((entry) => !entry.folder),
        { by, descending: sort.descending },
      ),
    [entries, by, sort.descending],
  );
  useEffect(() => {
    if (hasNextPage && !isFetching && !list.error && entries.length < listed) void fetchNextPage();
  }, [hasNextPage, isFetching, list.error, entries.length, fetchNextPage]);
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);

  const said = useSaid(driveId, folderId);
  const caption = useCallback(
    (image: Entry) => {
      switch (tab?.captions) {
        case 'none':
          return undefined;
        case 'title':
          return said.get(image.itemId)?.title || image.name;
        case 'caption':
          return said.get(image.itemId)?.caption || undefined;
      }
      return image.name;
    },
    [tab, said],
  );
  const alt = useCallback((image: Entry) => said.get(image.itemId)?.altText || image.name || '', [said]);

  const select = useCallback(
    (next: ReadonlySet<string>) => {
      setSelected(next);
      announce(t('gallery.selected', { count: next.size }));
    },
    [announce, t],
  );
  const edit = (chosen: Chosen) => go(bulkAt(drafts.begin(chosen)));
  const editMany = () =>
    edit({
      kind: 'images',
      images: images
        .filter((image) => selected.has(image.itemId))
        .map(({ driveId: drive, itemId }) => ({ driveId: drive, itemId })),
    });
  const editFolder = () => edit({ kind: 'folder', driveId, folderId, name: trail.at(-1)?.name ?? title });

  return (
    <div className={styles.page}>
      <section className={styles.main} aria-label={title}>
        <div className={styles.head}>
          <div className={styles.grow}>
            {trail.length === 0 ? (
              <Title3 as="h1">{title}</Title3>
            ) : (
              <>
                <h1 className="unseen">{trail.at(-1)!.name}</h1>
                <Breadcrumb aria-label={t('gallery.trail')}>
                  {[{ id: top, name: title }, ...trail].map((folder, at, all) => (
                    <Fragment key={folder.id}>
                      {at > 0 && <BreadcrumbDivider />}
                      <BreadcrumbItem>
                        <BreadcrumbButton current={at === all.length - 1} onClick={() => enter(trail.slice(0, at))}>
                          {folder.name}
                        </BreadcrumbButton>
                      </BreadcrumbItem>
                    </Fragment>
                  ))}
                </Breadcrumb>
              </>
            )}
          </div>
          <Input
            type="search"
            contentBefore={<Search20Regular />}
            placeholder={t('gallery.find')}
            aria-label={t('gallery.find')}
            value={filter}
            onChange={(_, { value }) => setFilter(value)}
          />
          <Toolbar aria-label={t('gallery.view')} size="small">
            <Choice
              icon={<ArrowSort20Regular />}
              label={t('gallery.sort')}
              value={`${inOrder.by} ${inOrder.descending}`}
              options={(['name', 'modified', 'taken', 'size'] as const).flatMap((by) =>
                [false, true].map((descending) => ({
                  value: `${by} ${descending}`,
                  text: t('gallery.order', {
                    by: t(`gallery.by_${by}`),
                    way: t(descending ? 'gallery.descending' : 'gallery.ascending'),
                  }),
                })),
              )}
              onChange={(value) => {
                const [by, descending] = value.split(' ');
                setSort({ by: by as SortBy, descending: descending === 'true' });
              }}
            />
            <Choice
              icon={<Grid20Regular />}
              label={t('gallery.layout')}
              value={layout}
              options={(['grid', 'masonry', 'carousel', 'list'] as const).map((value) => ({
                value,
                text: t(`gallery.layout_${value}`),
              }))}
              onChange={(value) => setLayout(value as Layout)}
            />
            <ToolbarButton icon={<ImageMultiple20Regular />} onClick={editFolder}>
              {t('gallery.editFolder')}
            </ToolbarButton>
          </Toolbar>
        </div>
        {folders.length > 0 ? (
          <nav className={styles.folders} aria-label={t('gallery.folders')}>
            {folders.map((folder) => (
              <Button
                key={folder.itemId}
                icon={<Folder20Regular />}
                onClick={() => enter([...trail, { id: folder.itemId, name: folder.name ?? '' }])}
              >
                {folder.name}
              </Button>
            ))}
          </nav>
        ) : (
          <div />
        )}
        {selected.size > 0 ? (
          <div className={styles.chosen} role="toolbar" aria-label={t('gallery.selection')}>
            <Text weight="semibold">{t('gallery.selected', { count: selected.size })}</Text>
            <Button appearance="primary" icon={<Edit20Regular />} onClick={editMany}>
              {t('gallery.editSelected')}
            </Button>
            <Button appearance="subtle" onClick={() => select(new Set(images.map((image) => image.itemId)))}>
              {t('gallery.selectAll', { total: number(images.length) })}
            </Button>
            <Button appearance="subtle" icon={<DismissRegular />} onClick={() => select(new Set())}>
              {t('gallery.selectNone')}
            </Button>
          </div>
        ) : (
          <div />
        )}
        {inOrder.by !== sort.by && !list.isPending && !list.error ? (
          <Text size={200} role="status" className={styles.order}>
            {t(entries.length < listed ? 'gallery.sortedLater' : 'gallery.tooManyToSort')}
          </Text>
        ) : (
          <div />
        )}
        <div className={styles.body}>
          {list.error ? (
            <Failure problem={list.error} again={list.refetch} />
          ) : list.isPending ? (
            <Placeholders />
          ) : images.length === 0 && !hasNextPage ? (
            <Empty filtered={name !== ''} folders={folders.length > 0} />
          ) : layout === 'carousel' ? (
            <Carousel images={images} alt={alt} caption={caption} onOpen={onOpen} />
          ) : (
            <Grid
              label={t('gallery.images')}
              images={images}
              layout={layout}
              selected={selected}
              onSelect={select}
              onOpen={onOpen}
              onEnd={onEnd}
              caption={caption}
              alt={alt}
              total={hasNextPage ? -1 : images.length}
            />
          )}
        </div>
      </section>
      {open && <Details entry={open} onClose={() => setOpen(undefined)} />}
    </div>
  );
}

function Choice({
  icon,
  label,
  value,
  options,
  onChange,
}: {
  icon: React.ReactElement;
  label: string;
  value: string;
  options: { value: string; text: string }[];
  onChange: (value: string) => void;
}) {
  return (
    <Menu checkedValues={{ it: [value] }} onCheckedValueChange={(_, { checkedItems }) => onChange(checkedItems[0])}>
      <MenuTrigger disableButtonEnhancement>
        <ToolbarButton icon={icon} aria-label={label} title={label} />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {options.map((option) => (
            <MenuItemRadio key={option.value} name="it" value={option.value}>
              {option.text}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

/** What is said of the pictures of a folder, by their ids. */
function useSaid(driveId: string, folderId: string): Map<string, Properties> {
  const { api } = useApp();
  const { data, hasNextPage, isFetching, fetchNextPage } = useInfiniteQuery({
    queryKey: ['said', driveId, folderId],
    queryFn: ({ pageParam }) =>
      body(
        api.typed.GET('/properties', {
          params: {
            query: {
              driveId,
              limit: 100,
              ...(folderId !== 'root' && { folderId }),
              ...(pageParam && { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  });
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  return useMemo(
    () => new Map((data?.pages ?? []).flatMap((page) => page.images ?? []).map((one) => [one.itemId, one])),
    [data],
  );
}

function Placeholders() {
  const styles = useStyles();
  return (
    <Skeleton className={styles.waiting} aria-label="…">
      {Array.from({ length: 24 }, (_, at) => (
        <SkeletonItem key={at} shape="rectangle" style={{ height: 150 }} />
      ))}
    </Skeleton>
  );
}

function Empty({ filtered, folders }: { filtered: boolean; folders: boolean }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <div className={styles.empty}>
      <Text size={400}>{t(filtered ? 'gallery.nothingFound' : folders ? 'gallery.onlyFolders' : 'gallery.empty')}</Text>
      {!filtered && !folders && (
        <RouteLink href="/">
          <Button as="a">{t('gallery.other')}</Button>
        </RouteLink>
      )}
    </div>
  );
}
