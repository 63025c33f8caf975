import { Button, Skeleton, SkeletonItem, Text, Title2, makeStyles, tokens } from '@fluentui/react-components';
import { Delete20Regular, Edit20Regular } from '@fluentui/react-icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { body, type Preset } from '../api/client';
import { isPassing } from '../api/problem';
import { useApp } from '../context';
import { day } from '../i18n/format';
import { Failure } from '../parts/failure';
import { optimistic } from '../parts/optimistic';
import { usePresets } from '../parts/queries';
import { useUnsaved } from '../parts/unsaved';
import { Builder } from '../recipe/builder';
import { emptyRecipe, isRecipe, tidy, type Recipe } from '../recipe/recipe';
import { SavePreset } from './bulk';

const useStyles = makeStyles({
  page: { padding: '24px', maxWidth: '860px', display: 'grid', gap: '16px' },
  list: { listStyleType: 'none', margin: 0, padding: 0, display: 'grid', gap: '8px' },
  one: {
    display: 'grid',
    gap: '12px',
    padding: '12px 16px',
    borderRadius: tokens.borderRadiusMedium,
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  head: { display: 'flex', alignItems: 'center', gap: '8px', flexWrap: 'wrap' },
  grow: { flexGrow: 1 },
});

/** The recipes with names that everybody of the organization can use. */
export default function Presets() {
  const { t } = useTranslation();
  const styles = useStyles();
  const [fresh, setFresh] = useState<Recipe>();
  useUnsaved(fresh !== undefined && fresh !== emptyRecipe, t('presets.fresh')); // it has no name yet
  const presets = usePresets();
  return (
    <div className={styles.page}>
      <Title2 as="h1">{t('presets.title')}</Title2>
      <Text>{t('presets.about')}</Text>
      {presets.error && <Failure problem={presets.error} again={presets.refetch} />}
      {presets.isPending && (
        <Skeleton aria-label="…">
          <SkeletonItem size={64} />
        </Skeleton>
      )}
      {presets.data?.length === 0 && <Text>{t('presets.none')}</Text>}
      <ul className={styles.list}>
        {(presets.data ?? []).map((preset) => (
          <li key={preset.id}>
            <One preset={preset} />
          </li>
        ))}
      </ul>
      {!fresh && (
        <div>
          <Button appearance="primary" onClick={() => setFresh(emptyRecipe)}>
            {t('presets.add')}
          </Button>
        </div>
      )}
      {fresh && (
        <div className={styles.one}>
          <Builder recipe={fresh} onChange={setFresh} />
          <div className={styles.head}>
            <SavePreset
              recipe={fresh}
              trigger={
                <Button appearance="primary" disabled={fresh.steps.length === 0}>
                  {t('common.save')}
                </Button>
              }
              onSaved={() => {
                setFresh(undefined);
                void presets.refetch();
              }}
            />
            <Button onClick={() => setFresh(undefined)}>{t('common.cancel')}</Button>
          </div>
        </div>
      )}
    </div>
  );
}

function One({ preset }: { preset: Preset }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, announce, navigation } = useApp();
  const queries = useQueryClient();
  const [changed, setChanged] = useState<Recipe>();
  const params = { path: { id: preset.id }, header: { 'If-Match': preset.etag } };
  const after = () => queries.invalidateQueries({ queryKey: ['presets'] });
  const save = useMutation({
    mutationFn: (recipe: Recipe) =>
      body(
        api.typed.PUT('/presets/{id}', {
          params,
          body: { name: preset.name, description: preset.description, recipe: tidy(recipe) },
        }),
      ),
    onSuccess: () => {
      setChanged(undefined);
      announce(t('presets.saved'));
    },
    onSettled: after,
  });
  useUnsaved(changed !== undefined && changed !== preset.recipe, preset.name, () =>
    save.mutateAsync(changed!).then(
      () => true,
      () => false,
    ),
  );
  const remove = useMutation({
    mutationFn: () => body(api.typed.DELETE('/presets/{id}', { params })),
    onSuccess: () => announce(t('presets.removed')),
    ...optimistic<Preset[]>(queries, ['presets'], (all) => all.filter((one) => one.id !== preset.id)),
  });
  return (
    <div className={styles.one}>
      <div className={styles.head}>
        <div className={styles.grow}>
          <Text weight="semibold" block>
            {preset.name}
          </Text>
          <Text size={200}>{[preset.description, day(preset.changedAt)].filter(Boolean).join(' · ')}</Text>
        </div>
        {isRecipe(preset.recipe) && (
          <Button
            appearance="subtle"
            icon={<Edit20Regular />}
            aria-label={t('presets.change', { name: preset.name })}
            aria-expanded={changed !== undefined}
            onClick={() =>
              changed ? navigation.leave(() => setChanged(undefined)) : setChanged(preset.recipe as Recipe)
            }
          />
        )}
        <Button
          appearance="subtle"
          icon={<Delete20Regular />}
          aria-label={t('presets.remove', { name: preset.name })}
          disabled={save.isPending || remove.isPending} // until its new tag is known
          onClick={() => remove.mutate()}
        />
      </div>
      {save.error && (
        <Failure problem={save.error} again={isPassing(save.error) ? () => save.mutate(save.variables) : undefined} />
      )}
      {remove.error && (
        <Failure problem={remove.error} again={isPassing(remove.error) ? () => remove.mutate() : undefined} />
      )}
      {changed && (
        <>
          <Builder recipe={changed} onChange={setChanged} />
          <div>
            <Button appearance="primary" disabled={save.isPending} onClick={() => save.mutate(changed)}>
              {t('common.save')}
            </Button>
          </div>
        </>
      )}
    </div>
  );
}
