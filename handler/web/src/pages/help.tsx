import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Waiting } from '../parts/waiting';

const texts: Record<string, () => Promise<{ default: string }>> = {
  en: () => import('../help/en.md'),
  fr: () => import('../help/fr.md'),
  de: () => import('../help/de.md'),
};

/** The help, which was written in Markdown and comes with the tab. */
export default function Help() {
  const { i18n } = useTranslation();
  const language = texts[i18n.language] ? i18n.language : 'en';
  const { data } = useQuery({
    queryKey: ['help', language],
    queryFn: async () => (await texts[language]()).default,
    staleTime: Infinity,
  });
  if (!data) return <Waiting />;
  // our own text
  return <article className="prose" tabIndex={0} style={{ padding: 24 }} dangerouslySetInnerHTML={{ __html: data }} />;
}
