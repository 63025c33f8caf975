// Checks what lies in handler/deploy as far as that can be done without Azure: the Bicep files by their grammar, with
// every name declared and used and every module given what it takes; the queries of alerts and workbook by Kusto's own
// language service. What the services themselves think of the resources, only a deployment tells.

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import vm from 'node:vm';
import { Language, Parser } from 'web-tree-sitter';

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.join(process.argv[2] ?? path.join(here, '../../deploy'));
const require = createRequire(import.meta.url);
const faults = [];
const read = (name) => readFileSync(path.join(folder, name), 'utf8');

// ---- Bicep

const functions = new Set([
  'resourceGroup',
  'subscription',
  'environment',
  'uniqueString',
  'take',
  'guid',
  'empty',
  'union',
  'items',
  'loadJsonContent',
  'loadTextContent',
  'subscriptionResourceId',
  'description',
  'minLength',
  'maxLength',
  'allowed',
  'minValue',
  'maxValue',
  'secure',
  'any',
  'sys',
]);

await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(require.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm')));

function each(node, see) {
  see(node);
  for (const child of node.namedChildren) each(child, see);
}

const declarations = {
  parameter_declaration: 'param',
  variable_declaration: 'var',
  resource_declaration: 'resource',
  module_declaration: 'module',
  output_declaration: 'output',
};

function readBicep(name) {
  const tree = parser.parse(read(name));
  const file = { name, tree, declared: new Map(), params: new Map(), outputs: new Set(), modules: [], used: new Set() };
  const fault = (node, text) => faults.push(`${name}:${node.startPosition.row + 1}: ${text}`);
  each(tree.rootNode, (n) => {
    if (n.isError || n.isMissing) fault(n, `not understood: ${n.text.slice(0, 60)}`);
    const kind = declarations[n.type];
    if (!kind) return;
    const id = n.namedChildren.find((c) => c.type === 'identifier').text;
    if (kind === 'output') return file.outputs.add(id);
    if (file.declared.has(id)) fault(n, `${id} is declared twice`);
    file.declared.set(id, { kind, node: n });
    if (kind === 'param') file.params.set(id, n.text.includes('=')); // whether it has a default
    if (kind === 'module')
      file.modules.push({ id, node: n, path: n.namedChildren.find((c) => c.type === 'string').text.slice(1, -1) });
  });
  each(tree.rootNode, (n) => {
    if (n.type === 'for_statement') {
      const loop = n.childForFieldName('initializer');
      if (loop) file.declared.set(loop.text, { kind: 'loop', node: loop });
    }
  });
  each(tree.rootNode, (n) => {
    if (n.type !== 'identifier') return;
    const parent = n.parent;
    if (
      declarations[parent.type] &&
      parent.namedChildren.find((c) => c.type === 'identifier').startIndex === n.startIndex
    )
      return; // what is declared
    if (parent.type === 'object_property' && parent.namedChildren[0].startIndex === n.startIndex) return; // a key
    if (parent.type === 'for_statement' && parent.childForFieldName('initializer')?.startIndex === n.startIndex) return;
    if (parent.type === 'target_scope_assignment' || n.text === 'targetScope') return;
    file.used.add(n.text);
    if (!file.declared.has(n.text) && !functions.has(n.text)) fault(n, `${n.text} is not declared`);
  });
  for (const [id, { kind, node }] of file.declared)
    if ((kind === 'param' || kind === 'var') && !file.used.has(id)) fault(node, `${id} is not used`);
  return file;
}

const files = Object.fromEntries(
  readdirSync(folder)
    .filter((f) => f.endsWith('.bicep'))
    .map((f) => [f, readBicep(f)]),
);
if (!files['main.bicep']) faults.push('there is no main.bicep');

for (const file of Object.values(files)) {
  for (const { id, node, path: target } of file.modules) {
    const module = files[target];
    if (!module) {
      faults.push(`${file.name}: the module ${id} is of ${target}, which is not there`);
      continue;
    }
    const given = new Set();
    each(node, (n) => {
      if (n.type === 'object_property' && n.namedChildren[0].text === 'params' && n.parent.parent.id === node.id) {
        for (const p of n.namedChildren[1].namedChildren) given.add(p.namedChildren[0].text);
      }
    });
    for (const p of given) if (!module.params.has(p)) faults.push(`${file.name}: the module ${id} has no param ${p}`);
    for (const [p, hasDefault] of module.params)
      if (!hasDefault && !given.has(p)) faults.push(`${file.name}: the module ${id} is not given ${p}`);
    for (const [, output] of file.tree.rootNode.text.matchAll(new RegExp(`\\b${id}\\.outputs\\.(\\w+)`, 'g'))) {
      if (!module.outputs.has(output)) faults.push(`${file.name}: the module ${id} has no output ${output}`);
    }
  }
  for (const [, loaded] of file.tree.rootNode.text.matchAll(/load(?:Json|Text)Content\('([^']+)'\)/g)) {
    try {
      JSON.parse(read(loaded));
    } catch (e) {
      faults.push(`${file.name}: ${loaded}: ${e.message}`);
    }
  }
}

const main = files['main.bicep'];
const set = new Set([...read('main.bicepparam').matchAll(/^param (\w+) = /gm)].map((m) => m[1]));
for (const p of set) if (!main?.params.has(p)) faults.push(`main.bicepparam: there is no param ${p}`);
for (const [p, hasDefault] of main?.params ?? [])
  if (!hasDefault && !set.has(p)) faults.push(`main.bicepparam: ${p} is not set`);

// ---- Kusto

for (const part of ['bridge.min.js', 'Kusto.Language.Bridge.min.js']) {
  vm.runInThisContext(readFileSync(require.resolve(`@kusto/language-service-next/${part}`), 'utf8'), {
    filename: part,
  });
}
const { Kusto } = globalThis;
const { Language: K } = Kusto;
const common =
  'timestamp: datetime, itemType: string, customDimensions: dynamic, operation_Name: string, ' +
  'operation_Id: string, cloud_RoleName: string, cloud_RoleInstance: string, appName: string';
const schema = Object.entries({
  // of Application Insights: https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete
  traces: `(${common}, message: string, severityLevel: int)`,
  requests: `(${common}, id: string, name: string, url: string, success: string, resultCode: string, duration: real)`,
}).map(([name, columns]) => K.Symbols.TableSymbol.From(columns).WithName(name));
const globals = K.GlobalState.Default.WithDatabase(new K.Symbols.DatabaseSymbol.$ctor1('insights', schema));

function checkQuery(where, query) {
  const code = K.KustoCode.ParseAndAnalyze(query.replaceAll('{Period:grain}', '1h'), globals);
  const found = code.GetDiagnostics();
  for (let i = 0; i < found.Count; i++) {
    const d = found.getItem(i);
    if (d.Severity === 'Error') faults.push(`${where}: ${d.Message} (at ${d.Start})`);
  }
}

let queries = 0;
for (const alert of JSON.parse(read('alerts.json'))) {
  checkQuery(`alerts.json: ${alert.name}`, alert.query);
  queries++;
}
for (const item of JSON.parse(read('workbook.json')).items) {
  if (item.content?.query) {
    checkQuery(`workbook.json: ${item.name}`, item.content.query);
    queries++;
  }
}

if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log(`${Object.keys(files).length} Bicep files, ${queries} queries: no fault found`);
