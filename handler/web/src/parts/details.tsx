import {
  Button,
  Field,
  Input,
  Link,
  Skeleton,
  SkeletonItem,
  Tab,
  TabList,
  Text,
  Textarea,
  Title3,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import {
  ArrowDownload20Regular,
  Dismiss24Regular,
  Edit20Regular,
  Link20Regular,
  Open20Regular,
} from '@fluentui/react-icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { body, type Entry, type Properties } from '../api/client';
import { Problem } from '../api/problem';
import { useApp } from '../context';
import { bytes, moment, number } from '../i18n/format';
import { Failure } from './failure';
import { editorAt, imagePath, pictureAt } from './places';
import { saveFile } from './save-file';
import { Thumbnail, useOwn } from './thumbnail';
import { useUnsaved } from './unsaved';
import { warningText } from './warnings';

const useStyles = makeStyles({
  pane: {
    width: '360px',
    height: '100%',
    overflow: 'auto',
    padding: '12px 16px',
    display: 'flex',
    flexDirection: 'column',
    gap: '12px',
    backgroundColor: tokens.colorNeutralBackground1,
    borderLeft: `1px solid ${tokens.colorNeutralStroke2}`,
    '@media (max-width: 760px)': { position: 'absolute', inset: 0, width: '100%', zIndex: 2 },
  },
  head: { display: 'flex', alignItems: 'start', gap: '8px' },
  name: { flexGrow: 1, overflowWrap: 'anywhere', margin: 0 },
  picture: { height: '220px', flexShrink: 0 },
  actions: { display: 'flex', flexWrap: 'wrap', gap: '8px' },
  facts: {
    display: 'grid',
    gridTemplateColumns: 'auto 1fr',
    gap: '4px 12px',
    margin: 0,
    '& dd': { margin: 0, overflowWrap: 'anywhere' },
    '& dt': { color: tokens.colorNeutralForeground3 },
  },
  form: { display: 'grid', gap: '12px' },
  versions: { listStyleType: 'none', margin: 0, padding: 0, display: 'grid', gap: '12px' },
  version: { display: 'grid', gridTemplateColumns: '72px 1fr auto', gap: '8px', alignItems: 'center' },
  small: { width: '72px', height: '54px', objectFit: 'cover', backgroundColor: tokens.colorNeutralBackground4 },
});

/** Everything about one picture, beside the others. */
export function Details({ entry, onClose }: { entry: Entry; onClose?: () => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, host, announce, navigation } = useApp();
  const [, go] = useLocation();
  const [shown, setShown] = useState('facts');
  const [described, setDescribed] = useState(false); // whether the description was opened: what is written there stays
  const Heading = onClose ? 'h2' : 'h1'; // by itself it is a page
  const title = useRef<HTMLHeadingElement>(null);
  const back = useRef<Element>(null);
  useEffect(() => {
    back.current ??= document.activeElement;
    title.current?.focus();
  }, [entry.itemId]);
  const close = () =>
    navigation.leave(() => {
      onClose?.();
      (back.current as HTMLElement | null)?.focus();
    });
  const path = { driveId: entry.driveId, itemId: entry.itemId };
  const image = useQuery({
    queryKey: ['image', entry.itemId],
    queryFn: () => body(api.typed.GET('/images/{driveId}/{itemId}', { params: { path } })),
    initialData: entry,
    initialDataUpdatedAt: 0,
  });
  const now = image.data;
  const copy = async () => {
    await navigator.clipboard.writeText(host.link(pictureAt(entry), now.name ?? ''));
    announce(t('details.copied'));
  };
  const download = () => saveFile(api, `${imagePath(entry)}/content`, now.name ?? 'picture');
  return (
    <aside
      className={styles.pane}
      aria-label={t('details.label')}
      onKeyDown={(event) => event.key === 'Escape' && onClose && close()}
    >
      <div className={styles.head}>
        <Heading className={styles.name} ref={title} tabIndex={-1}>
          <Title3>{now.name}</Title3>
        </Heading>
        {onClose && (
          <Button appearance="subtle" icon={<Dismiss24Regular />} aria-label={t('details.close')} onClick={close} />
        )}
      </div>
      <div className={styles.picture}>
        <Thumbnail key={now.etag} entry={now} size="large" alt={now.name ?? ''} whole />
      </div>
      {image.error && <Failure problem={image.error} again={image.refetch} />}
      <div className={styles.actions}>
        <Button appearance="primary" icon={<Edit20Regular />} onClick={() => go(editorAt(entry))}>
          {t('details.edit')}
        </Button>
        <Button icon={<ArrowDownload20Regular />} onClick={() => void download()}>
          {t('details.download')}
        </Button>
        <Button icon={<Link20Regular />} onClick={() => void copy()}>
          {t('details.copy')}
        </Button>
        {now.webUrl && (
          <Link href={now.webUrl} target="_blank" rel="noreferrer">
            <Open20Regular /> SharePoint
          </Link>
        )}
      </div>
      <TabList
        selectedValue={shown}
        onTabSelect={(_, { value }) => {
          setShown(value as string);
          if (value === 'said') setDescribed(true);
        }}
        size="small"
      >
        <Tab value="facts">{t('details.facts')}</Tab>
        <Tab value="said">{t('details.properties')}</Tab>
        <Tab value="versions">{t('details.versions')}</Tab>
      </TabList>
      <div
        role="tabpanel"
        aria-label={t(
          shown === 'facts' ? 'details.facts' : shown === 'said' ? 'details.properties' : 'details.versions',
        )}
      >
        {shown === 'facts' && <Facts entry={now} />}
        {described && (
          <div hidden={shown !== 'said'}>
            <Said entry={now} onTrouble={() => setShown('said')} />
          </div>
        )}
        {shown === 'versions' && <Versions entry={now} />}
      </div>
    </aside>
  );
}

function Facts({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api } = useApp();
  const about = useQuery({
    queryKey: ['about', entry.itemId, entry.etag],
    queryFn: () =>
      body(
        api.typed.GET('/images/{driveId}/{itemId}/about', {
          params: { path: { driveId: entry.driveId, itemId: entry.itemId } },
        }),
      ),
  });
  const more = about.data;
  const rows: [string, string | undefined][] = [
    [t('details.size'), bytes(entry.size)],
    [
      t('details.pixels'),
      more
        ? `${number(more.width)} × ${number(more.height)}`
        : entry.width
          ? `${number(entry.width)} × ${number(entry.height ?? 0)}`
          : undefined,
    ],
    [t('details.format'), more?.format.toUpperCase()],
    [t('details.frames'), more && more.frames > 1 ? number(more.frames) : undefined],
    [t('details.taken'), more?.takenAt ? moment(more.takenAt) : entry.takenAt && moment(entry.takenAt)],
    [t('details.camera'), more?.camera],
    [t('details.lens'), more?.lens],
    [
      t('details.exposure'),
      more &&
        [
          more.exposure,
          more.fNumber && `f/${more.fNumber}`,
          more.iso && `ISO ${more.iso}`,
          more.focalLength && `${more.focalLength} mm`,
        ]
          .filter(Boolean)
          .join(', '),
    ],
    [t('details.creator'), more?.creator],
    [t('details.copyright'), more?.copyright],
    [t('details.profile'), more?.colorProfile],
    [t('details.place'), more?.place && `${more.place.latitude.toFixed(4)}, ${more.place.longitude.toFixed(4)}`],
    [
      t('details.modified'),
      entry.modifiedAt && `${moment(entry.modifiedAt)}${entry.modifiedBy ? `, ${entry.modifiedBy}` : ''}`,
    ],
    [
      t('details.created'),
      entry.createdAt && `${moment(entry.createdAt)}${entry.createdBy ? `, ${entry.createdBy}` : ''}`,
    ],
  ];
  return (
    <>
      <dl className={styles.facts}>
        {rows.map(([name, value]) => value && [<dt key={name}>{name}</dt>, <dd key={`${name} value`}>{value}</dd>])}
      </dl>
      {about.isPending && (
        <Skeleton aria-label="…">
          <SkeletonItem size={16} />
        </Skeleton>
      )}
      {about.error && <Failure problem={about.error} again={about.refetch} />}
    </>
  );
}

/**
 * What is said of a picture can be changed by anybody who sees it; who is slower is told so, and loses nothing they
 * wrote.
 */
function Said({ entry, onTrouble }: { entry: Entry; onTrouble: () => void }) {
  const { api } = useApp();
  const said = useQuery({
    queryKey: ['properties', entry.itemId],
    queryFn: () =>
      body(
        api.typed.GET('/images/{driveId}/{itemId}/properties', {
          params: { path: { driveId: entry.driveId, itemId: entry.itemId } },
        }),
      ),
  });
  if (!said.data)
    return said.error ? (
      <Failure problem={said.error} again={said.refetch} />
    ) : (
      <Skeleton aria-label="…">
        <SkeletonItem size={64} />
      </Skeleton>
    );
  return <SaidForm key={entry.itemId} entry={entry} said={said.data} onTrouble={onTrouble} />;
}

const texts = ['title', 'altText', 'caption', 'credit'] as const;

function SaidForm({ entry, said, onTrouble }: { entry: Entry; said: Properties; onTrouble: () => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, announce } = useApp();
  const queries = useQueryClient();
  const [form, setForm] = useState({
    title: said.title,
    altText: said.altText,
    caption: said.caption,
    credit: said.credit,
    tags: (said.tags ?? []).join(', '),
  });
  const [saved, setSaved] = useState(form);
  const key = ['properties', entry.itemId];
  const save = useMutation({
    mutationFn: async (form: typeof saved) => {
      const etag = queries.getQueryData<Properties>(key)?.etag ?? said.etag;
      return body(
        api.typed.PATCH('/images/{driveId}/{itemId}/properties', {
          params: { path: { driveId: entry.driveId, itemId: entry.itemId }, header: { 'If-Match': etag } },
          body: {
            ...form,
            tags: form.tags
              .split(',')
              .map((tag) => tag.trim())
              .filter(Boolean),
          },
        }),
      );
    },
    onSuccess: (answer, form) => {
      queries.setQueryData(key, answer);
      setSaved(form);
      void queries.invalidateQueries({ queryKey: ['said', entry.driveId] });
      announce(t('details.saved'));
    },
    onError: (problem) => {
      onTrouble();
      if (problem instanceof Problem && problem.kind === 'stale') void queries.invalidateQueries({ queryKey: key });
    },
  });
  useUnsaved(JSON.stringify(form) !== JSON.stringify(saved), entry.name ?? '', () =>
    save.mutateAsync(form).then(
      () => true,
      () => false,
    ),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(form);
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {texts.map((name) => (
        <Field key={name} label={t(`details.${name}`)} hint={name === 'altText' ? t('details.altTextHint') : undefined}>
          {name === 'title' || name === 'credit' ? (
            <Input value={form[name]} onChange={(_, { value }) => setForm({ ...form, [name]: value })} />
          ) : (
            <Textarea value={form[name]} onChange={(_, { value }) => setForm({ ...form, [name]: value })} />
          )}
        </Field>
      ))}
      <Field label={t('details.tags')} hint={t('details.tagsHint')}>
        <Input value={form.tags} onChange={(_, { value }) => setForm({ ...form, tags: value })} />
      </Field>
      {save.error && <Failure problem={save.error} />}
      <Button type="submit" appearance="primary" disabled={save.isPending}>
        {t('details.save')}
      </Button>
    </form>
  );
}

function Versions({ entry }: { entry: Entry }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, announce, notify } = useApp();
  const queries = useQueryClient();
  const path = { driveId: entry.driveId, itemId: entry.itemId };
  const versions = useQuery({
    queryKey: ['versions', entry.itemId, entry.etag],
    queryFn: () => body(api.typed.GET('/images/{driveId}/{itemId}/versions', { params: { path } })),
  });
  const restore = useMutation({
    mutationFn: (version: string) =>
      body(
        api.typed.POST('/images/{driveId}/{itemId}/versions/{version}/restore', {
          params: { path: { ...path, version }, header: { 'If-Match': entry.etag ?? '' } },
        }),
      ),
    onSuccess: (restored) => {
      queries.setQueryData(['image', entry.itemId], restored);
      void queries.invalidateQueries({ queryKey: ['items', entry.driveId] });
      announce(t('details.restored'));
      const lines = (restored.warnings ?? []).map((warning) => warningText(t, warning));
      if (lines.length > 0) notify({ title: t('details.restored'), lines });
    },
    onError: (problem) => {
      if (problem instanceof Problem && problem.kind === 'stale')
        void queries.invalidateQueries({ queryKey: ['image', entry.itemId] });
    },
  });
  if (versions.error) return <Failure problem={versions.error} again={versions.refetch} />;
  if (!versions.data)
    return (
      <Skeleton aria-label="…">
        <SkeletonItem size={64} />
      </Skeleton>
    );
  return (
    <>
      {restore.error && <Failure problem={restore.error} again={() => restore.mutate(restore.variables)} />}
      <ul className={styles.versions}>
        {(versions.data.versions ?? []).map((version) => (
          <li key={version.id} className={styles.version}>
            <Small path={version.thumbnail.replace(/large$/, 'small')} name={version.id} etag={entry.etag} />
            <div>
              <Text weight="semibold" block>
                {version.id}
                {version.current && ` (${t('details.current')})`}
              </Text>
              <Text size={200} block>
                {version.modifiedAt && moment(version.modifiedAt)}
              </Text>
              <Text size={200} block>
                {[version.modifiedBy, bytes(version.size)].filter(Boolean).join(', ')}
              </Text>
            </div>
            {!version.current && (
              <Button
                size="small"
                disabled={restore.isPending}
                onClick={() => restore.mutate(version.id)}
                aria-label={t('details.restoreVersion', { version: version.id })}
              >
                {t('details.restore')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function Small({ path, name, etag }: { path: string; name: string; etag?: string }) {
  const styles = useStyles();
  const url = useOwn(`version ${path} ${etag ?? ''}`, path);
  return url ? <img className={styles.small} src={url} alt={name} /> : <div className={styles.small} />;
}
