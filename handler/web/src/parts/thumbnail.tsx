import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useEffect, useMemo, useState } from 'react';
import type { Api, Entry } from '../api/client';
import { useApp } from '../context';
import { settings } from '../settings';
import { Pictures } from './pictures';
import { imagePath } from './places';

const useStyles = makeStyles({
  box: {
    width: '100%',
    height: '100%',
    objectFit: 'cover',
    display: 'block',
    backgroundColor: tokens.colorNeutralBackground4,
  },
  whole: { objectFit: 'contain' },
});

const caches = new WeakMap<Api, Pictures>();

/** The small pictures of the page. */
function usePictures(): Pictures {
  const { api } = useApp();
  return useMemo(() => {
    let found = caches.get(api);
    if (!found) caches.set(api, (found = new Pictures(api)));
    return found;
  }, [api]);
}

/**
 * Whether the browser reaches SharePoint's own addresses of small pictures. They are quicker than the API, but a
 * company's network may not let them through: then none is tried any more. Browsers do not trust the sandbox's.
 */
let direct = settings.signIn === undefined;

/** A small picture of an image. */
export function Thumbnail({
  entry,
  size = 'medium',
  alt,
  whole,
}: {
  entry: Entry;
  size?: 'small' | 'medium' | 'large';
  alt: string;
  whole?: boolean;
}) {
  const styles = useStyles();
  const offered = direct ? entry.thumbnails?.find((one) => one.size === size)?.url : undefined;
  const [refused, setRefused] = useState(false);
  const own = useOwn(
    `${size} ${entry.driveId} ${entry.itemId} ${entry.etag ?? ''}`,
    `${imagePath(entry)}/thumbnails/${size}`,
    !offered || refused,
  );
  const src = offered && !refused ? offered : own;
  const className = mergeClasses(styles.box, whole && styles.whole);
  if (!src) return <div className={className} role="img" aria-label={alt} data-waiting />;
  const failed = () => {
    direct = false;
    setRefused(true);
  };
  return (
    <img
      className={className}
      src={src}
      alt={alt}
      draggable={false}
      decoding="async"
      onError={src === offered ? failed : undefined}
    />
  );
}

/** The address of a picture that is got through the API, once it is there. */
export function useOwn(key: string, path: string, wanted = true): string | undefined {
  const pictures = usePictures();
  const wish = wanted ? key : undefined;
  const begin = () => ({ wish, url: wish && pictures.known(wish) });
  const [shown, setShown] = useState(begin);
  if (shown.wish !== wish) setShown(begin()); // something else is wanted
  useEffect(() => {
    if (!wish) return;
    const abort = new AbortController();
    pictures.get(wish, path, abort.signal).then(
      (url) => setShown((now) => (now.url ? now : { wish, url })),
      () => {},
    );
    return () => abort.abort();
  }, [pictures, wish, path]);
  return shown.wish === wish ? shown.url : undefined;
}
