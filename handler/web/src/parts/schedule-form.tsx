import { Button, Field, Input, Select, Switch, makeStyles } from '@fluentui/react-components';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { body, type EditFields } from '../api/client';
import { useApp } from '../context';
import { Failure } from './failure';
import { localNow, ruleOf, type Rhythm } from './rhythm';
import { useSingle } from './single';

const useStyles = makeStyles({ form: { display: 'grid', gap: '12px' } });

const rhythms = ['once', 'daily', 'weekdays', 'weekly', 'monthly'] as const satisfies readonly Rhythm[];

/** When a bulk edit is to be started. */
export function ScheduleForm({ edit, onDone }: { edit: EditFields; onDone: () => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, announce } = useApp();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [start, setStart] = useState(() => localNow(60));
  const [rhythm, setRhythm] = useState<Rhythm>('weekly');
  const [onlyChanged, setOnlyChanged] = useState(true);
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const save = useMutation({
    mutationFn: () =>
      body(
        api.typed.POST('/schedules', {
          body: { name, start: `${start}:00`, rule: ruleOf(rhythm, start), timeZone, onlyChanged, edit },
        }),
      ),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['schedules'] });
      announce(t('schedules.saved'));
    },
  });
  const single = useSingle(save);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    single(undefined, onDone);
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field label={t('schedules.name')} required>
        <Input value={name} maxLength={128} onChange={(_, { value }) => setName(value)} />
      </Field>
      <Field label={t('schedules.start')} hint={timeZone}>
        <Input type="datetime-local" value={start} onChange={(_, { value }) => setStart(value)} />
      </Field>
      <Field label={t('schedules.rhythm')}>
        <Select value={rhythm} onChange={(_, { value }) => setRhythm(value as Rhythm)}>
          {rhythms.map((one) => (
            <option key={one} value={one}>
              {t(`schedules.${one}`)}
            </option>
          ))}
        </Select>
      </Field>
      <Switch
        label={t('schedules.onlyChanged')}
        checked={onlyChanged}
        onChange={(_, { checked }) => setOnlyChanged(checked)}
      />
      {save.error && <Failure problem={save.error} />}
      <div>
        <Button type="submit" appearance="primary" disabled={!name.trim() || !start || save.isPending}>
          {t('common.save')}
        </Button>
      </div>
    </form>
  );
}
