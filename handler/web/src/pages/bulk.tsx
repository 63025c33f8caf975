import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  DialogTrigger,
  Field,
  Input,
  Radio,
  RadioGroup,
  Select,
  Switch,
  Text,
  Title2,
  Title3,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { CalendarClock20Regular, Eye20Regular, Play20Regular, Save20Regular } from '@fluentui/react-icons';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useMemo, useState, type ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { body, type EditFields, type Save } from '../api/client';
import { useApp } from '../context';
import { editOf, type Chosen, type Draft, type Only } from '../parts/drafts';
import { Failure } from '../parts/failure';
import { usePresets } from '../parts/queries';
import { Builder } from '../recipe/builder';
import { Previews } from '../recipe/preview';
import { isRecipe, tidy, type Recipe } from '../recipe/recipe';
import { spread } from '../parts/order';
import { ScheduleForm } from '../parts/schedule-form';
import { useSingle } from '../parts/single';

const useStyles = makeStyles({
  page: {
    padding: '24px',
    display: 'grid',
    gap: '24px',
    gridTemplateColumns: 'minmax(0, 1fr) minmax(260px, 420px)',
    maxWidth: '1280px',
    '@media (max-width: 860px)': { gridTemplateColumns: 'minmax(0, 1fr)', padding: '16px' },
  },
  main: { display: 'grid', gap: '16px', alignContent: 'start' },
  side: { display: 'grid', gap: '16px', alignContent: 'start' },
  row: { display: 'flex', flexWrap: 'wrap', gap: '8px', alignItems: 'end' },
  actions: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: '8px',
    position: 'sticky',
    bottom: 0,
    zIndex: 1,
    paddingBlock: '12px',
    backgroundColor: tokens.colorNeutralBackground2,
  },
});

const samples = 3;

/** From pictures to a bulk edit: what is to be done, how it is saved, how it looks; then tried, started or planned. */
export default function Bulk({ id }: { id?: string }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { drafts } = useApp();
  const [found] = useState(() => (id ? drafts.get(id) : undefined));
  if (!id || !found) {
    return (
      <div className={styles.page}>
        <div className={styles.main}>
          <Title2 as="h1">{t('bulk.title')}</Title2>
          <Text>{t(id ? 'bulk.gone' : 'bulk.nothing')}</Text>
          <Link href="/">
            <Button as="a" appearance="primary">
              {t('bulk.choose')}
            </Button>
          </Link>
        </div>
      </div>
    );
  }
  return <Edit id={id} found={found} />;
}

/** A call that starts a bulk edit or a dry run. Repeated, it is the same one. */
interface Call {
  edit: EditFields;
  dryRun: boolean;
  key: string;
}

function Edit({ id, found }: { id: string; found: Draft }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, drafts } = useApp();
  const [, go] = useLocation();
  const [draft, setDraft] = useState(found);
  const { chosen, only, recipe, save } = draft;
  const images = useSamples(chosen);
  const edit = useMemo(() => editOf(draft), [draft]);
  const keep = (fields: Partial<Draft>) => {
    const next = { ...draft, ...fields };
    setDraft(next);
    drafts.put(id, next);
  };
  const start = useMutation({
    mutationFn: ({ edit, dryRun, key }: Call) =>
      body(
        api.typed.POST('/bulk-edits', { body: { ...edit, dryRun }, params: { header: { 'Idempotency-Key': key } } }),
      ),
    onSuccess: (job, { dryRun }) =>
      drafts.put(id, {
        ...draft,
        begun: undefined,
        ...(dryRun ? { tried: [...draft.tried, job.id] } : { started: true }),
      }),
  });
  const busy = start.isPending || start.isSuccess;
  const change = (fields: Partial<Draft>) => {
    keep({ ...fields, begun: undefined });
    start.reset(); // what failed is not what would be started now
  };
  const single = useSingle(start);
  const call = (what: Call) => single(what, (job) => go(`/jobs/${job.id}`));
  const begin = (dryRun: boolean) => {
    const begun = draft.begun?.dryRun === dryRun ? draft.begun : { key: crypto.randomUUID(), dryRun };
    if (call({ edit, ...begun })) keep({ begun });
  };
  const empty = recipe.steps.length === 0 && !recipe.output;
  return (
    <div className={styles.page}>
      <div className={styles.main}>
        <Title2 as="h1">{t('bulk.title')}</Title2>
        <div className={styles.main} inert={busy}>
          <section aria-labelledby="what">
            <Title3 as="h2" id="what">
              {t('bulk.pictures')}
            </Title3>
            <Text block>
              {chosen.kind === 'images'
                ? t('bulk.images', { count: chosen.images.length })
                : t('bulk.folder', { name: chosen.name })}
            </Text>
            {chosen.kind === 'folder' && <FolderOptions only={only} onChange={(next) => change({ only: next })} />}
          </section>
          <section aria-labelledby="how" className={styles.main}>
            <Title3 as="h2" id="how">
              {t('bulk.recipe')}
            </Title3>
            <FromPreset onRecipe={(next) => change({ recipe: next })} recipe={recipe} />
            <Builder recipe={recipe} onChange={(next) => change({ recipe: next })} />
          </section>
          <SaveOptions save={save} onChange={(next) => change({ save: next })} />
        </div>
        {start.error && <Failure problem={start.error} again={() => call(start.variables)} />}
        <div className={styles.actions}>
          <Button appearance="primary" icon={<Play20Regular />} disabled={empty || busy} onClick={() => begin(false)}>
            {t('bulk.start')}
          </Button>
          <Button icon={<Eye20Regular />} disabled={empty || busy} onClick={() => begin(true)}>
            {t('bulk.dryRun')}
          </Button>
          <Dialog>
            <DialogTrigger disableButtonEnhancement>
              <Button icon={<CalendarClock20Regular />} disabled={empty || busy}>
                {t('bulk.schedule')}
              </Button>
            </DialogTrigger>
            <DialogSurface>
              <DialogBody>
                <DialogTitle>{t('bulk.schedule')}</DialogTitle>
                <DialogContent>
                  <ScheduleForm edit={edit} onDone={() => go('/schedules')} />
                </DialogContent>
              </DialogBody>
            </DialogSurface>
          </Dialog>
        </div>
      </div>
      <aside className={styles.side} aria-label={t('bulk.preview')}>
        <Title3 as="h2">{t('bulk.preview')}</Title3>
        {images.error && <Failure problem={images.error} again={images.refetch} />}
        {images.data && <Previews images={images.data} recipe={recipe} />}
      </aside>
    </div>
  );
}

/** Pictures of the selection, spread evenly, to show what would become of them. */
function useSamples(chosen: Chosen) {
  const { api } = useApp();
  return useQuery({
    queryKey: ['samples', chosen],
    queryFn: async () => {
      if (chosen.kind === 'images') {
        const looked = await Promise.allSettled(
          spread(chosen.images, samples).map((image) =>
            body(api.typed.GET('/images/{driveId}/{itemId}', { params: { path: image } })),
          ),
        );
        const there = looked.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
        if (there.length === 0) throw (looked[0] as PromiseRejectedResult).reason;
        return there;
      }
      const page = await body(
        api.typed.GET('/drives/{driveId}/items', {
          params: {
            path: { driveId: chosen.driveId },
            query: { folder: chosen.folderId, limit: 100, thumbnails: true },
          },
        }),
      );
      return spread(
        (page.items ?? []).filter((item) => !item.folder),
        samples,
      );
    },
  });
}

function FolderOptions({ only, onChange }: { only: Only; onChange: (only: Only) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <>
      <Switch
        label={t('bulk.recursive')}
        checked={only.recursive}
        onChange={(_, { checked }) => onChange({ ...only, recursive: checked })}
      />
      <div className={styles.row}>
        <Field label={t('bulk.onlyNames')} hint={t('bulk.onlyNamesHint')}>
          <Input value={only.name} onChange={(_, { value }) => onChange({ ...only, name: value })} />
        </Field>
        <Field label={t('bulk.onlySince')}>
          <Input type="date" value={only.since} onChange={(_, { value }) => onChange({ ...only, since: value })} />
        </Field>
      </div>
    </>
  );
}

function FromPreset({ recipe, onRecipe }: { recipe: Recipe; onRecipe: (recipe: Recipe) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const presets = usePresets();
  return (
    <div className={styles.row}>
      <Field label={t('bulk.preset')}>
        <Select
          value=""
          onChange={(_, { value }) => {
            const found = presets.data?.find((preset) => preset.id === value)?.recipe;
            if (isRecipe(found)) onRecipe(found);
          }}
        >
          <option value="">{t('bulk.noPreset')}</option>
          {(presets.data ?? []).map((preset) => (
            <option key={preset.id} value={preset.id}>
              {preset.name}
            </option>
          ))}
        </Select>
      </Field>
      <SavePreset
        recipe={recipe}
        trigger={
          <Button icon={<Save20Regular />} disabled={recipe.steps.length === 0}>
            {t('bulk.savePreset')}
          </Button>
        }
        onSaved={() => void presets.refetch()}
      />
    </div>
  );
}

/** Gives a recipe a name under which everybody of the organization finds it. */
export function SavePreset({
  recipe,
  trigger,
  onSaved,
}: {
  recipe: Recipe;
  trigger: ReactElement;
  onSaved: () => void;
}) {
  const { t } = useTranslation();
  const { api, announce } = useApp();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState('');
  const save = useMutation({
    mutationFn: () => body(api.typed.POST('/presets', { body: { name, recipe: tidy(recipe) } })),
    onSuccess: () => {
      setOpen(false);
      setName('');
      announce(t('presets.saved'));
      onSaved();
    },
  });
  return (
    <Dialog open={open} onOpenChange={(_, data) => setOpen(data.open)}>
      <DialogTrigger disableButtonEnhancement>{trigger}</DialogTrigger>
      <DialogSurface>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <DialogBody>
            <DialogTitle>{t('bulk.savePreset')}</DialogTitle>
            <DialogContent>
              <Field label={t('presets.name')} required>
                <Input value={name} maxLength={128} onChange={(_, { value }) => setName(value)} />
              </Field>
              {save.error && <Failure problem={save.error} />}
            </DialogContent>
            <DialogActions>
              <DialogTrigger disableButtonEnhancement>
                <Button>{t('common.cancel')}</Button>
              </DialogTrigger>
              <Button type="submit" appearance="primary" disabled={!name.trim() || save.isPending}>
                {t('common.save')}
              </Button>
            </DialogActions>
          </DialogBody>
        </form>
      </DialogSurface>
    </Dialog>
  );
}

function SaveOptions({ save, onChange }: { save: Save; onChange: (save: Save) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  return (
    <section aria-labelledby="save" className={styles.main}>
      <Title3 as="h2" id="save">
        {t('bulk.saving')}
      </Title3>
      <RadioGroup
        aria-labelledby="save"
        value={save.target ?? 'newVersion'}
        onChange={(_, { value }) =>
          onChange(
            value === 'copy'
              ? { ...save, target: 'copy', name: save.name ?? '{name}-edited' }
              : { ...save, target: 'newVersion' },
          )
        }
      >
        <Radio value="newVersion" label={t('bulk.newVersion')} />
        <Radio value="copy" label={t('bulk.copy')} />
      </RadioGroup>
      {save.target === 'copy' && (
        <div className={styles.row}>
          <Field
            label={t('bulk.copyName')}
            hint={t('bulk.copyHint', { name: '{name}', width: '{width}', counter: '{counter}' })}
          >
            <Input value={save.name ?? ''} onChange={(_, { value }) => onChange({ ...save, name: value })} />
          </Field>
          <Field label={t('bulk.onConflict')}>
            <Select
              value={save.onConflict ?? 'fail'}
              onChange={(_, { value }) => onChange({ ...save, onConflict: value as 'fail' | 'skip' })}
            >
              <option value="fail">{t('bulk.report')}</option>
              <option value="skip">{t('bulk.skip')}</option>
            </Select>
          </Field>
        </div>
      )}
      <Switch
        label={t('bulk.keepDates')}
        checked={save.keepDates === true}
        onChange={(_, { checked }) => onChange({ ...save, keepDates: checked })}
      />
    </section>
  );
}
