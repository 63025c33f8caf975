import {
  Button,
  Card,
  CardHeader,
  Skeleton,
  SkeletonItem,
  Text,
  Title2,
  Title3,
  makeStyles,
} from '@fluentui/react-components';
import { Image24Regular } from '@fluentui/react-icons';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { all, body } from '../api/client';
import { useApp } from '../context';
import { day } from '../i18n/format';
import { Failure } from '../parts/failure';
import { Picker, type Place } from '../parts/picker';
import { folderAt } from '../parts/places';

const useStyles = makeStyles({
  page: { padding: '24px', display: 'grid', gap: '24px', maxWidth: '960px' },
  cards: {
    display: 'grid',
    gap: '12px',
    gridTemplateColumns: 'repeat(auto-fill, minmax(220px, 1fr))',
    margin: 0,
    padding: 0,
    listStyleType: 'none',
  },
});

/** Where one begins who has not come by a tab of a channel. */
export function Home() {
  const { t } = useTranslation();
  const styles = useStyles();
  const { api, me } = useApp();
  const [, go] = useLocation();
  const [place, setPlace] = useState<Place>();
  const tabs = useQuery({
    queryKey: ['tabs'],
    queryFn: () =>
      all(
        (cursor) => body(api.typed.GET('/tabs', { params: { query: { limit: 200, cursor } } })),
        (page) => page.tabs,
      ),
  });
  return (
    <div className={styles.page}>
      <Title2 as="h1">{t('home.hello', { name: me.name.split(' ')[0] })}</Title2>
      {tabs.error && <Failure problem={tabs.error} again={tabs.refetch} />}
      {tabs.isPending && (
        <Skeleton aria-label="…">
          <SkeletonItem size={64} />
        </Skeleton>
      )}
      {tabs.data && tabs.data.length > 0 && (
        <section>
          <Title3 as="h2">{t('home.tabs')}</Title3>
          <ul className={styles.cards}>
            {tabs.data.map((tab) => (
              <li key={tab.id}>
                <Card onClick={() => go(`/tabs/${tab.id}`)} focusMode="off">
                  <CardHeader
                    image={<Image24Regular />}
                    header={
                      <Button appearance="transparent" onClick={() => go(`/tabs/${tab.id}`)}>
                        {tab.title}
                      </Button>
                    }
                    description={<Text size={200}>{day(tab.changedAt)}</Text>}
                  />
                </Card>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section>
        <Title3 as="h2">{t('home.open')}</Title3>
        <Picker place={place} onPlace={setPlace} />
        <Button
          appearance="primary"
          disabled={!place?.driveId}
          style={{ marginTop: 12 }}
          onClick={() => go(folderAt(place!.driveId!, place!.folderId ?? 'root'))}
        >
          {t('home.show')}
        </Button>
      </section>
    </div>
  );
}
