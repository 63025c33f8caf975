import { Button, Field, Input, Select, Switch, Title2, makeStyles } from '@fluentui/react-components';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { body, type Tab, type TabFields } from '../api/client';
import { Problem } from '../api/problem';
import { useApp } from '../context';
import { Failure } from '../parts/failure';
import { Picker, type Place } from '../parts/picker';
import { Waiting } from '../parts/waiting';

const useStyles = makeStyles({ page: { padding: '24px', display: 'grid', gap: '16px', maxWidth: '640px' } });

/**
 * What a tab of a channel shows: Teams asks for it when the tab is added or changed. In a browser it has a button of
 * its own.
 */
export default function Configuration() {
  const { api, host } = useApp();
  const id = host.entityId;
  const existing = useQuery({
    queryKey: ['tab', id],
    enabled: id !== undefined,
    queryFn: () => body(api.typed.GET('/tabs/{id}', { params: { path: { id: id! } } })),
  });
  if (id !== undefined && existing.isPending) return <Waiting />;
  const gone = existing.error instanceof Problem && existing.error.kind === 'not_found';
  if (existing.error && !gone) return <Failure problem={existing.error} again={existing.refetch} />;
  return <Form existing={existing.data} />;
}

function Form({ existing }: { existing?: Tab }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, host } = useApp();
  const [, go] = useLocation();
  const [place, setPlace] = useState<Place | undefined>(
    existing && { siteId: existing.siteId, driveId: existing.driveId, folderId: existing.folderId },
  );
  const [title, setTitle] = useState(existing?.title ?? '');
  const [layout, setLayout] = useState<NonNullable<TabFields['layout']>>(existing?.layout ?? 'grid');
  const [captions, setCaptions] = useState<NonNullable<TabFields['captions']>>(existing?.captions ?? 'name');
  const [by, setBy] = useState<NonNullable<NonNullable<TabFields['sort']>['by']>>(existing?.sort?.by ?? 'name');
  const [descending, setDescending] = useState(existing?.sort?.descending ?? false);
  const [problem, setProblem] = useState<unknown>();
  const called = title.trim() || place?.folderName || place?.siteTitle || '';
  const valid = place?.siteId !== undefined && place.driveId !== undefined && called !== '';
  const save = async () => {
    const fields: TabFields = {
      title: called,
      siteId: place!.siteId!,
      driveId: place!.driveId!,
      folderId: place!.folderId,
      layout,
      captions,
      sort: { by, descending },
      defaultRecipe: existing?.defaultRecipe,
    };
    const tab = await (existing
      ? body(
          api.typed.PUT('/tabs/{id}', {
            params: { path: { id: existing.id }, header: { 'If-Match': existing.etag } },
            body: fields,
          }),
        )
      : body(api.typed.POST('/tabs', { body: { ...fields, channel: host.channel } })));
    return { entityId: tab.id, title: tab.title };
  };
  const latest = useRef(save);
  useEffect(() => {
    latest.current = save;
  });
  useEffect(
    () =>
      host.configuration?.onSave(() =>
        latest.current().catch((problem: unknown) => {
          setProblem(problem);
          throw problem;
        }),
      ),
    [host],
  );
  useEffect(() => host.configuration?.valid(valid), [host, valid]);
  return (
    <div className={styles.page}>
      <Title2 as="h1">{t('configuration.title')}</Title2>
      <Picker place={place} onPlace={setPlace} />
      <Field label={t('configuration.name')}>
        <Input value={title} placeholder={called} maxLength={128} onChange={(_, { value }) => setTitle(value)} />
      </Field>
      <Field label={t('gallery.layout')}>
        <Select value={layout} onChange={(_, { value }) => setLayout(value as typeof layout)}>
          {(['grid', 'masonry', 'carousel', 'list'] as const).map((one) => (
            <option key={one} value={one}>
              {t(`gallery.layout_${one}`)}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t('gallery.sort')}>
        <Select value={by} onChange={(_, { value }) => setBy(value as typeof by)}>
          {(['name', 'modified', 'taken', 'size'] as const).map((one) => (
            <option key={one} value={one}>
              {t(`gallery.by_${one}`)}
            </option>
          ))}
        </Select>
      </Field>
      <Switch
        label={t('gallery.descending')}
        checked={descending}
        onChange={(_, { checked }) => setDescending(checked)}
      />
      <Field label={t('configuration.captions')}>
        <Select value={captions} onChange={(_, { value }) => setCaptions(value as typeof captions)}>
          {(['none', 'name', 'title', 'caption'] as const).map((one) => (
            <option key={one} value={one}>
              {t(`configuration.captions_${one}`)}
            </option>
          ))}
        </Select>
      </Field>
      {problem !== undefined && <Failure problem={problem} />}
      {!host.configuration && (
        <div>
          <Button
            appearance="primary"
            disabled={!valid}
            onClick={() => void save().then(({ entityId }) => go(`/tabs/${entityId}`), setProblem)}
          >
            {t('common.save')}
          </Button>
        </div>
      )}
    </div>
  );
}
