import {
  Button,
  Field,
  Link,
  ProgressBar,
  Select,
  Skeleton,
  SkeletonItem,
  Table,
  TableBody,
  TableCell,
  TableHeader,
  TableHeaderCell,
  TableRow,
  Text,
  Title2,
  Title3,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import {
  ArrowDownload20Regular,
  ArrowRepeatAll20Regular,
  ArrowUndo20Regular,
  Dismiss20Regular,
  Link20Regular,
  Options20Regular,
  Pause20Regular,
  Play20Regular,
} from '@fluentui/react-icons';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link as RouteLink, useLocation } from 'wouter';
import { body, type DryRunPreview, type Item, type Job } from '../api/client';
import { follow } from '../api/events';
import { useApp } from '../context';
import { bytes, moment, number, percent, until } from '../i18n/format';
import { Failure } from '../parts/failure';
import { doneOf, over, results } from '../parts/job-state';
import { bulkAt, pictureAt } from '../parts/places';
import { saveFile } from '../parts/save-file';
import { useSingle } from '../parts/single';
import { useOwn } from '../parts/thumbnail';
import { warningText } from '../parts/warnings';
import { StateBadge } from './jobs';

const useStyles = makeStyles({
  page: {
    padding: '24px',
    display: 'grid',
    gap: '16px',
    maxWidth: '1100px',
    '@media (max-width: 600px)': { padding: '16px' },
  },
  line: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center' },
  counts: { display: 'grid', gridTemplateColumns: 'repeat(auto-fill, minmax(110px, 1fr))', gap: '8px', margin: 0 },
  count: {
    padding: '8px 12px',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    '& dd': { margin: 0, fontSize: tokens.fontSizeBase500, fontWeight: tokens.fontWeightSemibold },
  },
  previews: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(280px, 1fr))',
    gap: '16px',
    listStyleType: 'none',
    margin: 0,
    padding: 0,
  },
  pair: { display: 'grid', gridTemplateColumns: '1fr 1fr', gap: '8px' },
  picture: {
    width: '100%',
    aspectRatio: '4 / 3',
    objectFit: 'contain',
    backgroundColor: tokens.colorNeutralBackground4,
  },
  scroll: { overflowX: 'auto' },
});

/** One bulk edit: how far it is, what came of each image, and what can be done about it. */
export default function JobPage({ id }: { id: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, announce, host } = useApp();
  const queries = useQueryClient();
  const job = useQuery({
    queryKey: ['job', id],
    queryFn: () => body(api.typed.GET('/bulk-edits/{id}', { params: { path: { id } } })),
    staleTime: 0,
  });
  const now = job.data;
  const running = now !== undefined && !over(now);
  useEffect(() => {
    if (!running) return;
    const abort = new AbortController();
    void follow(api, id, (next) => queries.setQueryData(['job', id], next), abort.signal);
    return () => abort.abort();
  }, [api, id, running, queries]);
  useAnnouncements(now, announce);
  if (job.error) return <Failure problem={job.error} again={job.refetch} />;
  if (!now)
    return (
      <Skeleton aria-label="…" className={styles.page}>
        <SkeletonItem size={32} />
        <SkeletonItem size={128} />
      </Skeleton>
    );
  const saved = now.counts.bytesBefore - now.counts.bytesAfter;
  return (
    <div className={styles.page}>
      <div className={styles.line}>
        <Title2 as="h1">{t(`job.kind_${now.kind}`)}</Title2>
        <StateBadge state={now.state} />
      </div>
      <Text>
        {t('job.begun', { at: moment(now.createdAt) })}
        {now.finishedAt && ` ${t('job.ended', { at: moment(now.finishedAt) })}`}
      </Text>
      {now.of && (
        <Text>
          {t('job.of')} <RouteLink href={`/jobs/${now.of}`}>{t('job.show')}</RouteLink>
        </Text>
      )}
      {now.problem && <Text role="alert">{now.problem.detail}</Text>}
      {now.state === 'waitingForSignIn' && (
        <div>
          <Button onClick={() => void host.signIn().then(() => job.refetch())}>{t('problem.signIn')}</Button>
        </div>
      )}
      {running && (
        <Field validationMessage={progressText(t, now)} validationState="none">
          <ProgressBar value={doneOf(now)} max={1} aria-label={t('job.progress')} thickness="large" />
        </Field>
      )}
      <dl className={styles.counts}>
        {results.map(
          (state) =>
            (now.counts[state] > 0 || state === 'edited') && (
              <div key={state} className={styles.count}>
                <dt>{t(`job.${now.kind === 'dryRun' && state === 'edited' ? 'wouldEdit' : state}`)}</dt>
                <dd>{number(now.counts[state])}</dd>
              </div>
            ),
        )}
      </dl>
      {now.counts.edited > 0 && (
        <Text>
          {t(now.kind === 'dryRun' ? 'job.wouldSave' : now.kind === 'undo' ? 'job.undone' : 'job.saved', {
            before: bytes(now.counts.bytesBefore),
            after: bytes(now.counts.bytesAfter),
            share: percent(now.counts.bytesBefore ? saved / now.counts.bytesBefore : 0),
          })}
        </Text>
      )}
      <Actions job={now} />
      {now.kind === 'dryRun' && <DryRunPreviews job={now} />}
      <Items job={now} />
    </div>
  );
}

type T = ReturnType<typeof useTranslation>['t'];

function progressText(t: T, job: Job): string {
  if (job.state === 'planning') return t('job.looking', { count: job.counts.planned });
  const done = t('job.done', {
    done: number(job.counts.planned - job.counts.waiting),
    planned: number(job.counts.planned),
  });
  return job.progress
    ? `${done} ${t('job.pace', { rate: number(job.progress.imagesPerMinute), end: until(job.progress.estimatedEnd) })}`
    : done;
}

/** Says aloud every tenth of the way, and the end. */
function useAnnouncements(job: Job | undefined, announce: (text: string) => void) {
  const { t } = useTranslation();
  const said = useRef('');
  const ended = job && over(job);
  const tenth = job && Math.floor((doneOf(job) ?? 0) * 10);
  useEffect(() => {
    if (!job) return;
    const text = ended ? t(`job.state_${job.state}`) : t('job.share', { share: percent((tenth ?? 0) / 10) });
    if (said.current && text !== said.current) announce(text);
    said.current = text;
    // eslint-disable-next-line react-hooks/exhaustive-deps -- of all that changes in a job, only this is worth a word
  }, [job?.state, ended, tenth]);
}

function Actions({ job }: { job: Job }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, host, announce, drafts } = useApp();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const path = { id: job.id };
  const draft = drafts.triedBy(job.id);
  const change = useMutation({
    mutationFn: (way: 'pause' | 'resume' | 'cancel') =>
      body(api.typed.POST(`/bulk-edits/{id}/${way}` as '/bulk-edits/{id}/pause', { params: { path } })),
    onSuccess: (next) => queries.setQueryData(['job', job.id], next),
  });
  // pressed twice, it is one retry; so it is with the others by themselves
  const [key] = useState(() => crypto.randomUUID());
  const another = useMutation({
    mutationFn: (way: 'apply' | 'undo' | 'retry') => {
      switch (way) {
        case 'apply':
          return body(api.typed.POST('/bulk-edits/{id}/apply', { params: { path } }));
        case 'undo':
          return body(api.typed.POST('/bulk-edits/{id}/undo', { params: { path } }));
        case 'retry':
          return body(
            api.typed.POST('/bulk-edits/{id}/retry', {
              params: { path, query: { states: ['failed', 'conflict'] }, header: { 'Idempotency-Key': key } },
            }),
          );
      }
    },
  });
  const single = useSingle(another);
  const start = (way: 'apply' | 'undo' | 'retry') =>
    single(way, (next) => {
      const tried = draft && drafts.get(draft);
      if (way === 'apply' && tried) drafts.put(draft, { ...tried, started: true });
      go(`/jobs/${next.id}`);
    });
  const report = () =>
    saveFile(api, `/api/bulk-edits/${encodeURIComponent(job.id)}/report?format=csv`, `bulk-edit-${job.id}.csv`);
  const share = async () => {
    await navigator.clipboard.writeText(host.link(`/jobs/${job.id}`, t('job.kind_edit')));
    announce(t('details.copied'));
  };
  const busy = change.isPending || another.isPending || another.isSuccess;
  const ended = over(job);
  return (
    <>
      <div className={styles.line}>
        {job.kind === 'dryRun' && job.state === 'done' && job.counts.edited > 0 && (
          <Button appearance="primary" icon={<Play20Regular />} disabled={busy} onClick={() => start('apply')}>
            {t('job.apply', { count: job.counts.edited, shown: number(job.counts.edited) })}
          </Button>
        )}
        {job.kind === 'dryRun' && ended && draft && (
          <Button icon={<Options20Regular />} onClick={() => go(bulkAt(draft))}>
            {t('job.settings')}
          </Button>
        )}
        {(job.state === 'running' || job.state === 'planning') && (
          <Button icon={<Pause20Regular />} disabled={busy} onClick={() => change.mutate('pause')}>
            {t('job.pause')}
          </Button>
        )}
        {(job.state === 'paused' || job.state === 'waitingForSignIn') && (
          <Button icon={<Play20Regular />} disabled={busy} onClick={() => change.mutate('resume')}>
            {t('job.resume')}
          </Button>
        )}
        {!ended && (
          <Button icon={<Dismiss20Regular />} disabled={busy} onClick={() => change.mutate('cancel')}>
            {t('job.cancel')}
          </Button>
        )}
        {ended && job.kind === 'edit' && job.counts.edited > 0 && (
          <Button icon={<ArrowUndo20Regular />} disabled={busy} onClick={() => start('undo')}>
            {t('job.undo')}
          </Button>
        )}
        {ended && job.kind === 'edit' && job.counts.failed + job.counts.conflict > 0 && (
          <Button icon={<ArrowRepeatAll20Regular />} disabled={busy} onClick={() => start('retry')}>
            {t('job.retry')}
          </Button>
        )}
        <Button icon={<ArrowDownload20Regular />} onClick={() => void report()}>
          {t('job.report')}
        </Button>
        <Button icon={<Link20Regular />} onClick={() => void share()}>
          {t('details.copy')}
        </Button>
      </div>
      {change.error && <Failure problem={change.error} />}
      {another.error && <Failure problem={another.error} />}
    </>
  );
}

function DryRunPreviews({ job }: { job: Job }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api } = useApp();
  const previews = useQuery({
    queryKey: ['previews', job.id, job.counts.edited, job.state],
    queryFn: () => body(api.typed.GET('/bulk-edits/{id}/previews', { params: { path: { id: job.id } } })),
  });
  const found = previews.data?.previews ?? [];
  if (previews.error) return <Failure problem={previews.error} again={previews.refetch} />;
  if (found.length === 0) return null;
  return (
    <section>
      <Title3 as="h2">{t('job.previews')}</Title3>
      <ul className={styles.previews}>
        {found.map((preview) => (
          <li key={preview.n}>
            <DryRunPair preview={preview} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function DryRunPair({ preview }: { preview: DryRunPreview }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const before = useOwn(preview.beforeUrl, preview.beforeUrl);
  const after = useOwn(preview.afterUrl, preview.afterUrl);
  const { name } = preview.image;
  return (
    <>
      <div className={styles.pair}>
        {before ? (
          <img className={styles.picture} src={before} alt={t('preview.before', { name })} />
        ) : (
          <div className={styles.picture} />
        )}
        {after ? (
          <img className={styles.picture} src={after} alt={t('preview.after', { name })} />
        ) : (
          <div className={styles.picture} />
        )}
      </div>
      <Text size={200}>{name}</Text>
    </>
  );
}

const refresh = 2000; // milliseconds between two looks at the results of one that is at work

function Items({ job }: { job: Job }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api } = useApp();
  const [state, setState] = useState('');
  const ended = over(job);
  const items = useInfiniteQuery({
    queryKey: ['job-items', job.id, ended],
    queryFn: ({ pageParam }) =>
      body(
        api.typed.GET('/bulk-edits/{id}/items', {
          params: { path: { id: job.id }, query: { limit: 200, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => (!ended && (query.state.data?.pages.length ?? 0) <= 2 ? refresh : false),
  });
  const { hasNextPage, isFetching, fetchNextPage } = items;
  const found = (items.data?.pages ?? []).flatMap((page) => page.items ?? []);
  const shown = found.filter((item) => !state || item.state === state);
  useEffect(() => {
    // those who look for failures mean all of them
    if (state && hasNextPage && !isFetching && ended) void fetchNextPage();
  }, [state, hasNextPage, isFetching, ended, fetchNextPage]);
  return (
    <section>
      <div className={styles.line}>
        <Title3 as="h2" id="items">
          {t('job.items')}
        </Title3>
        <Field label={t('job.filter')} orientation="horizontal">
          <Select value={state} onChange={(_, { value }) => setState(value)}>
            <option value="">{t('job.everything')}</option>
            {results.map((one) => (
              <option key={one} value={one}>
                {t(`job.${one}`)}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      {items.error && <Failure problem={items.error} again={items.refetch} />}
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="items">
        <Table size="small" aria-label={t('job.items')}>
          <TableHeader>
            <TableRow>
              {(['name', 'result', 'before', 'after'] as const).map((column) => (
                <TableHeaderCell key={column}>{t(`job.column_${column}`)}</TableHeaderCell>
              ))}
            </TableRow>
          </TableHeader>
          <TableBody>
            {shown.map((item) => (
              <Row key={`${item.driveId} ${item.itemId}`} item={item} trial={job.kind === 'dryRun'} />
            ))}
          </TableBody>
        </Table>
      </div>
      {hasNextPage && (
        <Button onClick={() => void fetchNextPage()} disabled={isFetching}>
          {t('common.more')}
        </Button>
      )}
    </section>
  );
}

function Row({ item, trial }: { item: Item; trial: boolean }) {
  const { t } = useTranslation();
  const size = (picture: Item['before']) =>
    picture &&
    [picture.width > 0 && `${number(picture.width)} × ${number(picture.height)}`, bytes(picture.bytes)]
      .filter(Boolean)
      .join(', ');
  return (
    <TableRow>
      <TableCell>
        <RouteLink href={pictureAt({ driveId: item.driveId, itemId: item.resultItemId ?? item.itemId })} asChild>
          <Link>{item.copyName ?? item.name}</Link>
        </RouteLink>
      </TableCell>
      <TableCell>
        {t(`job.${trial && item.state === 'edited' ? 'wouldEdit' : item.state}`)}
        {item.reason && (
          <Text size={200} block>
            {item.reason.detail}
          </Text>
        )}
        {item.warnings?.map((warning) => (
          <Text key={warning} size={200} block>
            {warningText(t, warning)}
          </Text>
        ))}
      </TableCell>
      <TableCell>{size(item.before)}</TableCell>
      <TableCell>{size(item.after)}</TableCell>
    </TableRow>
  );
}
