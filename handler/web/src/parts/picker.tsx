import {
  Button,
  Field,
  Input,
  Radio,
  RadioGroup,
  Select,
  Skeleton,
  SkeletonItem,
  Text,
  makeStyles,
} from '@fluentui/react-components';
import { ArrowUp20Regular, Folder20Regular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { all, body } from '../api/client';
import { useApp } from '../context';
import { Failure } from './failure';

const useStyles = makeStyles({
  box: { display: 'grid', gap: '16px', maxWidth: '560px' },
  list: { maxHeight: '220px', overflow: 'auto' },
  folders: { display: 'flex', flexWrap: 'wrap', gap: '8px' },
});

/** A place in SharePoint, as far as it was chosen. */
export interface Place {
  siteId?: string;
  siteTitle?: string;
  driveId?: string;
  driveName?: string;
  folderId?: string;
  folderName?: string;
}

/** Lets somebody choose a site, a library of it, and a folder of that. */
export function Picker({ place, onPlace }: { place?: Place; onPlace: (place: Place) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api } = useApp();
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search.trim());
  const sites = useQuery({
    queryKey: ['sites', wanted],
    queryFn: () =>
      body(
        api.typed.GET('/sites', {
          params: { query: wanted.startsWith('https://') ? { url: wanted } : { search: wanted || undefined } },
        }),
      ),
  });
  const siteId = place?.siteId;
  const drives = useQuery({
    queryKey: ['drives', siteId],
    enabled: siteId !== undefined,
    queryFn: () =>
      all(
        (cursor) =>
          body(api.typed.GET('/sites/{siteId}/drives', { params: { path: { siteId: siteId! }, query: { cursor } } })),
        (page) => page.drives,
      ),
  });
  const only = drives.data?.length === 1 ? drives.data[0] : undefined;
  useEffect(() => {
    if (only && place && !place.driveId) onPlace({ ...place, driveId: only.driveId, driveName: only.name });
  }, [only, place, onPlace]);
  const found = sites.data?.sites ?? [];
  return (
    <div className={styles.box}>
      <Field label={t('picker.site')} hint={t('picker.siteHint')}>
        <Input type="search" value={search} onChange={(_, { value }) => setSearch(value)} />
      </Field>
      {sites.error && <Failure problem={sites.error} again={sites.refetch} />}
      {sites.isPending ? (
        <Skeleton aria-label="…">
          <SkeletonItem size={48} />
        </Skeleton>
      ) : (
        <div className={styles.list}>
          <RadioGroup
            aria-label={t('picker.sites')}
            value={siteId ?? ''}
            onChange={(_, { value }) =>
              onPlace({ siteId: value, siteTitle: found.find((site) => site.siteId === value)?.title })
            }
          >
            {found.map((site) => (
              <Radio key={site.siteId} value={site.siteId} label={site.title} />
            ))}
          </RadioGroup>
          {found.length === 0 && <Text>{t('picker.none')}</Text>}
        </div>
      )}
      {siteId !== undefined && (
        <Field label={t('picker.library')}>
          <Select
            value={place?.driveId ?? ''}
            onChange={(_, { value }) =>
              onPlace({
                siteId,
                siteTitle: place?.siteTitle,
                driveId: value,
                driveName: drives.data?.find((drive) => drive.driveId === value)?.name,
              })
            }
          >
            <option value="" disabled>
              {t('picker.choose')}
            </option>
            {(drives.data ?? []).map((drive) => (
              <option key={drive.driveId} value={drive.driveId}>
                {drive.name}
              </option>
            ))}
          </Select>
        </Field>
      )}
      {drives.error && <Failure problem={drives.error} again={drives.refetch} />}
      {place?.driveId && (
        <Folders
          key={place.driveId}
          driveId={place.driveId}
          onFolder={(folderId, folderName) => onPlace({ ...place, folderId, folderName })}
        />
      )}
    </div>
  );
}

/** The folders of a library, one level at a time. The one that is shown is the one that is chosen. */
export function Folders({ driveId, onFolder }: { driveId: string; onFolder: (id: string, name?: string) => void }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api } = useApp();
  const [trail, setTrail] = useState<{ id: string; name: string }[]>([]);
  const here = trail.at(-1)?.id ?? 'root';
  const items = useQuery({
    queryKey: ['folders', driveId, here],
    queryFn: () =>
      body(
        api.typed.GET('/drives/{driveId}/items', {
          params: { path: { driveId }, query: { folder: here, limit: 500 } },
        }),
      ),
  });
  const open = (next: typeof trail) => {
    setTrail(next);
    onFolder(next.at(-1)?.id ?? 'root', next.at(-1)?.name);
  };
  const folders = (items.data?.items ?? []).filter((item) => item.folder);
  return (
    <Field label={t('picker.folder', { path: ['', ...trail.map((folder) => folder.name)].join(' / ') || '/' })}>
      <div className={styles.folders}>
        {trail.length > 0 && (
          <Button size="small" icon={<ArrowUp20Regular />} onClick={() => open(trail.slice(0, -1))}>
            {t('picker.up')}
          </Button>
        )}
        {folders.map((folder) => (
          <Button
            size="small"
            key={folder.itemId}
            icon={<Folder20Regular />}
            onClick={() => open([...trail, { id: folder.itemId, name: folder.name ?? '' }])}
          >
            {folder.name}
          </Button>
        ))}
        {items.data && folders.length === 0 && <Text size={200}>{t('picker.noFolders')}</Text>}
      </div>
    </Field>
  );
}
