import { Button, Text, makeStyles } from '@fluentui/react-components';
import { ChevronLeft24Regular, ChevronRight24Regular } from '@fluentui/react-icons';
import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Entry } from '../api/client';
import { number } from '../i18n/format';
import { Thumbnail } from './thumbnail';

const useStyles = makeStyles({
  box: {
    height: '100%',
    display: 'grid',
    gridTemplateColumns: 'auto minmax(0, 1fr) auto',
    gridTemplateRows: 'minmax(0, 1fr) auto',
    alignItems: 'center',
    gap: '8px',
    padding: '0 12px 12px',
  },
  picture: { height: '100%', minHeight: 0, border: 'none', background: 'none', padding: 0, cursor: 'pointer' },
  under: { gridColumn: '1 / -1', textAlign: 'center' },
});

/** One picture after the other. */
export function Carousel({
  images,
  alt,
  caption,
  onOpen,
}: {
  images: Entry[];
  alt: (image: Entry) => string;
  caption: (image: Entry) => string | undefined;
  onOpen: (image: Entry) => void;
}) {
  const styles = useStyles();
  const { t } = useTranslation();
  const [at, setAt] = useState(0);
  const now = Math.min(at, images.length - 1);
  const move = (by: number) => setAt((now + by + images.length) % images.length);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowRight') move(1);
    else if (event.key === 'ArrowLeft') move(-1);
    else return;
    event.preventDefault();
  };
  const image = images[now];
  if (!image) return null;
  return (
    <section className={styles.box} aria-roledescription="carousel" aria-label={t('gallery.images')} onKeyDown={onKey}>
      <Button
        appearance="subtle"
        icon={<ChevronLeft24Regular />}
        aria-label={t('gallery.previous')}
        onClick={() => move(-1)}
      />
      <button type="button" className={styles.picture} onClick={() => onOpen(image)}>
        <Thumbnail key={image.itemId} entry={image} size="large" alt={alt(image)} whole />
      </button>
      <Button
        appearance="subtle"
        icon={<ChevronRight24Regular />}
        aria-label={t('gallery.next')}
        onClick={() => move(1)}
      />
      <Text className={styles.under} aria-live="polite">
        {t('gallery.of', { at: number(now + 1), total: number(images.length) })} {caption(image)}
      </Text>
    </section>
  );
}
