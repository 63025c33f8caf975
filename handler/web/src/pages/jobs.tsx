import {
  Badge,
  Button,
  ProgressBar,
  Skeleton,
  SkeletonItem,
  Text,
  Title2,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { body, type Job } from '../api/client';
import { useApp } from '../context';
import { moment, number } from '../i18n/format';
import { Failure } from '../parts/failure';
import { doneOf, over } from '../parts/job-state';

const useStyles = makeStyles({
  page: { padding: '24px', maxWidth: '860px', display: 'grid', gap: '16px' },
  list: { listStyleType: 'none', margin: 0, padding: 0, display: 'grid', gap: '8px' },
  job: {
    display: 'grid',
    gap: '6px',
    padding: '12px 16px',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    color: 'inherit',
    textDecorationLine: 'none',
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
  },
  line: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'center' },
});

const looks: Record<Job['state'], 'brand' | 'success' | 'danger' | 'warning' | 'informative'> = {
  planning: 'brand',
  running: 'brand',
  paused: 'warning',
  waitingForSignIn: 'warning',
  done: 'success',
  failed: 'danger',
  cancelled: 'informative',
};

export function StateBadge({ state }: { state: Job['state'] }) {
  const { t } = useTranslation();
  return (
    <Badge appearance="tint" color={looks[state]}>
      {t(`job.state_${state}`)}
    </Badge>
  );
}

/** The bulk edits of the user, the newest first. */
export default function Jobs() {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api } = useApp();
  const jobs = useInfiniteQuery({
    queryKey: ['jobs'],
    queryFn: ({ pageParam }) =>
      body(api.typed.GET('/bulk-edits', { params: { query: { limit: 50, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) =>
      (query.state.data?.pages ?? []).some((page) => (page.bulkEdits ?? []).some((job) => !over(job))) ? 5000 : false,
    staleTime: 0,
  });
  const found = (jobs.data?.pages ?? []).flatMap((page) => page.bulkEdits ?? []);
  return (
    <div className={styles.page}>
      <Title2 as="h1">{t('jobs.title')}</Title2>
      {jobs.error && <Failure problem={jobs.error} again={jobs.refetch} />}
      {jobs.isPending && (
        <Skeleton aria-label="…">
          <SkeletonItem size={64} />
        </Skeleton>
      )}
      {jobs.data && found.length === 0 && (
        <>
          <Text>{t('jobs.none')}</Text>
          <div>
            <Link href="/">
              <Button as="a" appearance="primary">
                {t('bulk.choose')}
              </Button>
            </Link>
          </div>
        </>
      )}
      <ul className={styles.list}>
        {found.map((job) => (
          <li key={job.id}>
            <Link href={`/jobs/${job.id}`} className={styles.job}>
              <span className={styles.line}>
                <Text weight="semibold">{t(`job.kind_${job.kind}`)}</Text>
                <StateBadge state={job.state} />
                <Text size={200}>{moment(job.createdAt)}</Text>
              </span>
              <Text size={200}>
                {t('jobs.counts', {
                  edited: number(job.counts.edited),
                  planned: number(job.counts.planned),
                  failed: number(job.counts.failed + job.counts.conflict),
                })}
              </Text>
              {!over(job) && <ProgressBar value={doneOf(job)} aria-label={t('job.progress')} />}
            </Link>
          </li>
        ))}
      </ul>
      {jobs.hasNextPage && (
        <div>
          <Button onClick={() => void jobs.fetchNextPage()}>{t('common.more')}</Button>
        </div>
      )}
    </div>
  );
}
