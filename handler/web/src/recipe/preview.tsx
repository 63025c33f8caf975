import { Skeleton, SkeletonItem, Text, makeStyles, tokens } from '@fluentui/react-components';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Entry } from '../api/client';
import { useApp } from '../context';
import { Failure } from '../parts/failure';
import { imagePath } from '../parts/places';
import { Thumbnail } from '../parts/thumbnail';
import { tidy, type Recipe } from './recipe';

const useStyles = makeStyles({
  list: { display: 'grid', gap: '16px' },
  pair: { display: 'grid', gridTemplateColumns: '1fr 1fr', gap: '8px', margin: 0 },
  picture: {
    width: '100%',
    aspectRatio: '4 / 3',
    objectFit: 'contain',
    backgroundColor: tokens.colorNeutralBackground4,
    borderRadius: tokens.borderRadiusMedium,
    overflow: 'hidden',
  },
  caption: { gridColumn: '1 / -1', overflowWrap: 'anywhere' },
});

const patience = 350; // milliseconds after the last change
const side = 640; // pixels

/** What a recipe makes of some pictures, as it is changed. */
export function Previews({ images, recipe }: { images: Entry[]; recipe: Recipe }) {
  const styles = useStyles();
  const settled = useSettled(recipe);
  return (
    <div className={styles.list}>
      {images.map((image) => (
        <Preview key={image.itemId} image={image} recipe={settled} />
      ))}
    </div>
  );
}

export function Preview({ image, recipe }: { image: Entry; recipe: Recipe }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const preview = usePreview(image, recipe);
  const name = image.name ?? '';
  return (
    <figure className={styles.pair}>
      <div className={styles.picture}>
        <Thumbnail entry={image} size="large" alt={t('preview.before', { name })} whole />
      </div>
      {preview.url ? (
        <img className={styles.picture} src={preview.url} alt={t('preview.after', { name })} />
      ) : preview.error ? (
        <Failure problem={preview.error} />
      ) : (
        <Skeleton aria-label="…">
          <SkeletonItem size={128} />
        </Skeleton>
      )}
      <figcaption className={styles.caption}>
        <Text size={200}>{name}</Text>
      </figcaption>
    </figure>
  );
}

/** The address of what a recipe makes of a picture. */
function usePreview(image: Entry, recipe: Recipe): { url?: string; error?: unknown } {
  const { api } = useApp();
  const sent = JSON.stringify({ recipe: tidy(recipe), size: side });
  const { data, error } = useQuery({
    queryKey: ['preview', image.itemId, image.etag, sent],
    queryFn: async ({ signal }) =>
      (
        await api.get(`${imagePath(image)}/preview`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: sent,
          signal,
        })
      ).blob(),
    placeholderData: keepPreviousData,
    gcTime: 60_000,
  });
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const address = data && URL.createObjectURL(data);
    // eslint-disable-next-line react-hooks/set-state-in-effect -- an address is made, and revoked, outside of React
    setUrl(address);
    if (!address) return;
    return () => URL.revokeObjectURL(address);
  }, [data]);
  return { url: error ? undefined : url, error };
}

/** A value once it has not changed for a moment. */
function useSettled<V>(value: V): V {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), patience);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
