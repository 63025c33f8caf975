// Holds a Teams app package against the schemas that Microsoft publishes, which an npm package carries: node
// validate.mjs folder
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';

const folder = process.argv[2];
const schemas = join(
  dirname(createRequire(import.meta.url).resolve('@microsoft/app-manifest/package.json')),
  'build/json-schemas/teams',
);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const manifest = read(join(folder, 'manifest.json'));
const problems = [];

const hold = (file, kind) => {
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
  addFormats(ajv);
  const valid = ajv.compile(read(join(schemas, `v${manifest.manifestVersion}`, `MicrosoftTeams${kind}.schema.json`)));
  if (!valid(read(join(folder, file))))
    problems.push(...valid.errors.map(({ instancePath, message }) => `${file} ${instancePath}: ${message}`));
};
hold('manifest.json', '');
for (const { file } of manifest.localizationInfo.additionalLanguages) hold(file, '.Localization');

// What the schema does not say
// (https://learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/apps-package).
for (const [file, side] of [
  [manifest.icons.color, 192],
  [manifest.icons.outline, 32],
]) {
  const png = readFileSync(join(folder, file));
  if (png.readUInt32BE(16) !== side || png.readUInt32BE(20) !== side)
    problems.push(`${file}: it must have ${side} by ${side} pixels`);
}
if (problems.length) {
  console.error(problems.join('\n'));
  process.exit(1);
}
