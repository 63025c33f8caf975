import {
  Avatar,
  Button,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  Tab,
  TabList,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import {
  CalendarClock20Regular,
  DismissRegular,
  Image20Regular,
  ImageMultiple20Regular,
  Options20Regular,
  QuestionCircle20Regular,
} from '@fluentui/react-icons';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useApp } from '../context';

const useStyles = makeStyles({
  page: {
    height: '100%',
    display: 'grid',
    gridTemplateRows: 'auto auto 1fr',
    gridTemplateColumns: 'minmax(0, 1fr)',
    backgroundColor: tokens.colorNeutralBackground2,
    color: tokens.colorNeutralForeground1,
  },
  bar: {
    display: 'flex',
    alignItems: 'center',
    gap: '8px',
    paddingInline: '12px',
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  tabs: { flexGrow: 1, overflowX: 'auto', overflowY: 'hidden' },
  word: { '@media (max-width: 600px)': { display: 'none' } },
  main: { minHeight: 0, overflow: 'auto', position: 'relative' },
  skip: {
    position: 'absolute',
    insetInlineStart: '-9999px',
    ':focus': {
      insetInlineStart: '8px',
      top: '8px',
      zIndex: 10,
      backgroundColor: tokens.colorNeutralBackground1,
      padding: '8px',
    },
  },
});

const places = [
  { value: '/', icon: <Image20Regular />, text: 'pictures' },
  { value: '/jobs', icon: <ImageMultiple20Regular />, text: 'jobs' },
  { value: '/schedules', icon: <CalendarClock20Regular />, text: 'schedules' },
  { value: '/presets', icon: <Options20Regular />, text: 'presets' },
  { value: '/help', icon: <QuestionCircle20Regular />, text: 'help' },
] as const;

/** What is around every page: where one can go, and who one is. */
export function Shell({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const styles = useStyles();
  const { me, host, navigation, drafts } = useApp();
  const [path, go] = useLocation();
  const here = path.startsWith('/bulk')
    ? '/jobs'
    : (places.find((place) => place.value !== '/' && path.startsWith(place.value))?.value ?? '/');
  const signOut = () => {
    drafts.clear();
    host.signOut!();
  };
  if (path === '/config') return <main className={styles.main}>{children}</main>;
  return (
    <div className={styles.page}>
      <a
        className={styles.skip}
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        {t('shell.skip')}
      </a>
      <header className={styles.bar}>
        <nav className={styles.tabs} aria-label={t('shell.places')}>
          <TabList selectedValue={path === '/privacy' ? '' : here} onTabSelect={(_, { value }) => go(value as string)}>
            {places.map((place) => (
              <Tab key={place.value} value={place.value} icon={place.icon} aria-label={t(`shell.${place.text}`)}>
                <span className={styles.word}>{t(`shell.${place.text}`)}</span>
              </Tab>
            ))}
          </TabList>
        </nav>
        <Menu>
          <MenuTrigger disableButtonEnhancement>
            <Button
              appearance="subtle"
              icon={<Avatar name={me.name} size={28} aria-label={t('shell.account', { name: me.name })} />}
            />
          </MenuTrigger>
          <MenuPopover>
            <MenuList>
              <MenuItem onClick={() => go('/privacy')}>{t('shell.privacy')}</MenuItem>
              {host.signOut && <MenuItem onClick={() => navigation.leave(signOut)}>{t('shell.signOut')}</MenuItem>}
            </MenuList>
          </MenuPopover>
        </Menu>
      </header>
      <Said />
      <main id="main" tabIndex={-1} className={styles.main}>
        {children}
      </main>
    </div>
  );
}

/** What people have to know of what was saved. */
function Said() {
  const { t } = useTranslation();
  const { notice, notify } = useApp();
  if (!notice) return <div />;
  return (
    <MessageBar intent="warning" shape="square" layout="multiline" role="status">
      <MessageBarBody>
        <MessageBarTitle>{notice.title}</MessageBarTitle>
        {notice.lines.join(' ')}
      </MessageBarBody>
      <MessageBarActions
        containerAction={
          <Button
            appearance="transparent"
            icon={<DismissRegular />}
            aria-label={t('common.dismiss')}
            onClick={() => notify(undefined)}
          />
        }
      />
    </MessageBar>
  );
}
