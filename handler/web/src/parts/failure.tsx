import { Button, MessageBar, MessageBarActions, MessageBarBody, MessageBarTitle } from '@fluentui/react-components';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { body, type Api } from '../api/client';
import { Problem } from '../api/problem';
import type { Host } from '../host';

const known = [
  'unauthorized',
  'consent',
  'sign_in',
  'not_set_up',
  'forbidden',
  'not_found',
  'conflict',
  'stale',
  'locked',
  'unsupported',
  'too_large',
  'busy',
  'full',
  'misconfigured',
  'offline',
  'invalid',
] as const;

/** What went wrong, in the user's language, and the way on. */
export function Failure({
  problem,
  again,
  host,
  api,
}: {
  problem: unknown;
  again?: () => unknown;
  host?: Host;
  api?: Api;
}) {
  const { t } = useTranslation();
  const [working, setWorking] = useState(false);
  const told = problem instanceof Problem ? problem : undefined;
  const kind = known.find((one) => one === told?.kind) ?? 'internal';
  // It is the picture that is not supported, or a step of the recipe.
  const title = kind === 'unsupported' && told?.field?.startsWith('/') ? 'unsupportedEdit' : kind;
  const consent = told?.consent;
  const allow = async (address: string) => {
    if (!host || !api) return;
    setWorking(true);
    try {
      const separator = address.includes('?') ? '' : '?';
      await host.consent(address + separator);
      await body(api.typed.POST('/token', { body: { afterConsent: true } }));
      again?.();
    } catch {
      // The window was closed: the way on is still there.
    } finally {
      setWorking(false);
    }
  };
  return (
    <MessageBar
      intent={kind === 'busy' || kind === 'offline' || kind === 'stale' ? 'warning' : 'error'}
      layout="multiline"
      role="alert"
      style={{ margin: '12px 0' }}
    >
      <MessageBarBody>
        <MessageBarTitle>{t(`problem.${title}`)}</MessageBarTitle>
        {told?.message && told.message !== kind && <span>{told.message} </span>}
        {told?.invocation && kind === 'internal' && <span>{t('problem.reference', { id: told.invocation })}</span>}
      </MessageBarBody>
      <MessageBarActions>
        {consent?.authorizeUrl && host && (
          <Button appearance="primary" disabled={working} onClick={() => void allow(consent.authorizeUrl!)}>
            {t('problem.allow')}
          </Button>
        )}
        {consent?.adminUrl && host && !consent.authorizeUrl && (
          <Button disabled={working} onClick={() => void allow(consent.adminUrl!)}>
            {t('problem.allowForAll')}
          </Button>
        )}
        {(kind === 'sign_in' || kind === 'unauthorized') && host && (
          <Button appearance="primary" onClick={() => void host.signIn().then(again)}>
            {t('problem.signIn')}
          </Button>
        )}
        {again && kind !== 'sign_in' && <Button onClick={() => void again()}>{t('problem.again')}</Button>}
      </MessageBarActions>
    </MessageBar>
  );
}
