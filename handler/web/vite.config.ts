import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { marked } from 'marked';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const base = '/api/tab/';

const isTeams = (modules: string[]) => modules.some((id) => id.includes('/@microsoft/teams-js/'));

/** Turns Markdown into HTML when the tab is built, so that nobody's browser has to. */
const markdown = (): Plugin => ({
  name: 'markdown',
  async transform(text, id) {
    if (!id.endsWith('.md')) return null;
    return { code: `export default ${JSON.stringify(await marked.parse(text))}`, map: null, moduleType: 'js' };
  },
});

/** teams-js asks Microsoft's CDN who may frame a tab. Its list comes with the tab instead, as of the same version. */
const ownOrigins = (): Plugin => ({
  name: 'own-origins',
  transform(code, id) {
    if (!id.includes('/@microsoft/teams-js/') || !id.endsWith('/internal/constants.js')) return null;
    const changed = code.replace(
      /new URL\("https:\/\/res\.cdn\.office\.net[^"]*"\)/,
      `new URL("${base}valid-domains.json", location.origin)`,
    );
    if (changed === code) this.error('teams-js no longer asks its CDN as it did');
    return { code: changed, map: null };
  },
  generateBundle() {
    const source =
      'node_modules/@microsoft/teams-js/dist/esm/packages/teams-js/src/artifactsForCDN/validDomains.json.js';
    const list = readFileSync(join(import.meta.dirname, source), 'utf8');
    const origins = [...list.matchAll(/"([a-z0-9.*-]+\.[a-z]+)"/g)].map((found) => found[1]);
    if (origins.length < 10) this.error('the list of teams-js was not found');
    this.emitFile({ type: 'asset', fileName: 'valid-domains.json', source: JSON.stringify({ validOrigins: origins }) });
  },
});

/** Leaves texts in dist as .gz alone: the program serves them so, and unpacks them for who cannot. */
const compressed = (): Plugin => ({
  name: 'compressed',
  closeBundle() {
    const dist = join(import.meta.dirname, 'dist');
    for (const name of readdirSync(dist, { recursive: true }) as string[]) {
      const file = join(dist, name);
      if (!statSync(file).isFile() || !/\.(js|css|svg|json)$/.test(name)) continue;
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
      rmSync(file);
    }
  },
});

export default defineConfig({
  base,
  // Node wants complete names of modules, which those of the icons lack.
  test: { server: { deps: { inline: [/@fluentui/] } } },
  html: { cspNonce: '__NONCE__' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      input: ['index.html', 'docs.html'],
      // "use client" says something to servers that draw pages, and there is none.
      output: {
        chunkFileNames: (chunk) => `assets/${isTeams(chunk.moduleIds) ? 'teams-js' : chunk.name}-[hash].js`,
      },
      onwarn: (warning, tell) => warning.code !== 'MODULE_LEVEL_DIRECTIVE' && tell(warning),
    },
  },
  plugins: [markdown(), ownOrigins(), compressed()],
});
