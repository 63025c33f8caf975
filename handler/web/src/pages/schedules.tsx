import { Button, Skeleton, SkeletonItem, Switch, Text, Title2, makeStyles, tokens } from '@fluentui/react-components';
import { Delete20Regular } from '@fluentui/react-icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { body, type Schedule } from '../api/client';
import { useApp } from '../context';
import { moment } from '../i18n/format';
import { Failure } from '../parts/failure';
import { optimistic } from '../parts/optimistic';

const useStyles = makeStyles({
  page: { padding: '24px', maxWidth: '860px', display: 'grid', gap: '16px' },
  list: { listStyleType: 'none', margin: 0, padding: 0, display: 'grid', gap: '8px' },
  one: {
    display: 'grid',
    gridTemplateColumns: '1fr auto auto',
    gap: '8px',
    alignItems: 'center',
    padding: '12px 16px',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
  },
});

/** The bulk edits that will be started. */
export default function Schedules() {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api } = useApp();
  const schedules = useQuery({ queryKey: ['schedules'], queryFn: () => body(api.typed.GET('/schedules')) });
  const found = schedules.data?.schedules ?? [];
  return (
    <div className={styles.page}>
      <Title2 as="h1">{t('schedules.title')}</Title2>
      {schedules.error && <Failure problem={schedules.error} again={schedules.refetch} />}
      {schedules.isPending && (
        <Skeleton aria-label="…">
          <SkeletonItem size={64} />
        </Skeleton>
      )}
      {schedules.data && found.length === 0 && <Text>{t('schedules.none')}</Text>}
      <ul className={styles.list}>
        {found.map((one) => (
          <li key={one.id}>
            <One schedule={one} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function One({ schedule }: { schedule: Schedule }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, announce } = useApp();
  const queries = useQueryClient();
  const params = { path: { id: schedule.id }, header: { 'If-Match': schedule.etag } };
  const changed = (change: (all: Schedule[]) => Schedule[]) =>
    optimistic<{ schedules: Schedule[] | null }>(queries, ['schedules'], ({ schedules }) => ({
      schedules: change(schedules ?? []),
    }));
  const pause = useMutation({
    mutationFn: (paused: boolean) => {
      const { name, start, rule, timeZone, onlyChanged, edit } = schedule;
      return body(
        api.typed.PUT('/schedules/{id}', { params, body: { name, start, rule, timeZone, onlyChanged, edit, paused } }),
      );
    },
    ...changed((all) => all.map((one) => (one.id === schedule.id ? { ...one, paused: !schedule.paused } : one))),
  });
  const remove = useMutation({
    mutationFn: () => body(api.typed.DELETE('/schedules/{id}', { params })),
    onSuccess: () => announce(t('schedules.removed')),
    ...changed((all) => all.filter((one) => one.id !== schedule.id)),
  });
  const busy = pause.isPending || remove.isPending; // until its new tag is known, which the next change needs
  return (
    <div className={styles.one}>
      <div>
        <Text weight="semibold" block>
          {schedule.name}
        </Text>
        <Text size={200} block>
          {schedule.next?.[0] ? t('schedules.next', { at: moment(schedule.next[0]) }) : t('schedules.over')}
        </Text>
        {schedule.problem && (
          <Text size={200} block role="alert">
            {schedule.problem.detail}
          </Text>
        )}
        {schedule.lastBulkEdit && <Link href={`/jobs/${schedule.lastBulkEdit}`}>{t('schedules.last')}</Link>}
        {(pause.error || remove.error) && <Failure problem={pause.error ?? remove.error} />}
      </div>
      <Switch
        label={t('schedules.active')}
        checked={!schedule.paused}
        disabled={busy}
        onChange={(_, { checked }) => pause.mutate(!checked)}
      />
      <Button
        appearance="subtle"
        icon={<Delete20Regular />}
        aria-label={t('schedules.remove', { name: schedule.name })}
        disabled={busy}
        onClick={() => remove.mutate()}
      />
    </div>
  );
}
