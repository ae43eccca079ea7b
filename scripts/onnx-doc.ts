/**
 * Writes the table of operators in docs/onnx.md: every operator of the standard and whether it is supported, asked of the code itself.
 * `node --import tsx scripts/onnx-doc.ts`. The list is onnx-operators.json, made by onnx_operators.py.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { controls } from '../src/onnx/graph/control.ts';
import { operators, refusals } from '../src/onnx/operators/index.ts';

interface List {
  readonly onnx: string;
  readonly operators: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
}

const list = JSON.parse(readFileSync(new URL('onnx-operators.json', import.meta.url), 'utf8')) as List;

/** What a reader of the table should know beside yes and no. */
const notes: Readonly<Record<string, string>> = {
  BatchNormalization: 'at inference; `training_mode` is refused',
  BitShift: 'of constants',
  BitwiseAnd: 'of constants',
  BitwiseNot: 'of constants',
  BitwiseOr: 'of constants',
  BitwiseXor: 'of constants',
  Cast: 'to floats, integers and booleans; all floats are the type that the model computes in, all integers int32; to 16 bits rounded',
  Compress: 'the condition is a constant',
  Constant: 'no sparse tensors, no texts',
  ConvInteger: 'in floats, gradients pass straight through',
  DequantizeLinear: 'gradients pass straight through',
  Dropout: 'at inference: the input itself',
  DynamicQuantizeLinear: 'gradients pass straight through; the range is that of the whole tensor, all samples together',
  If: 'where a constant decides',
  LinearClassifier: 'labels that are texts are given as the number of their class',
  Loop: 'where constants decide how often',
  MatMulInteger: 'in floats, gradients pass straight through',
  MaxPool: '`Indices` without dilations',
  NonZero: 'of constants',
  QLinearConv: 'in floats, gradients pass straight through',
  QLinearMatMul: 'in floats, gradients pass straight through',
  QuantizeLinear: 'to integers, as whole floats; gradients pass straight through and stop where a value is cut',
  ScatterElements: '`mul`, `max` and `min` write a place once, or as often as a constant index says',
  ScatterND: '`mul`, `max` and `min` write a place once, or as often as a constant index says',
  TopK: 'k up to 1,024',
  ZipMap: 'the tensor itself',
};

const titles: Readonly<Record<string, string>> = {
  '': 'ai.onnx, opsets 7 to 26',
  'ai.onnx.ml': 'ai.onnx.ml',
  'ai.onnx.preview.training': 'ai.onnx.preview.training',
};

const isSupported = (domain: string, name: string): boolean =>
  operators[domain]?.[name] !== undefined || (domain === '' && controls[name] !== undefined);

function rows(domain: string): { lines: string[]; all: number; supported: number } {
  const names = Object.entries(list.operators[domain]!);
  const lines = names.map(([name, versions]) => {
    if (isSupported(domain, name)) return `| ${name} | ${versions.join(', ')} | yes | ${notes[name] ?? ''} |`;
    return `| ${name} | ${versions.join(', ')} | no | ${refusals[domain]?.[name] ?? 'not yet'} |`;
  });
  return { lines, all: names.length, supported: names.filter(([name]) => isSupported(domain, name)).length };
}

/** The part of the page between the markers. */
export function operatorTables(): string {
  const sections = Object.keys(titles).map((domain) => {
    const { lines, all, supported } = rows(domain);
    const head = '| operator | versions | supported | notes |\n|---|---|---|---|';
    return `### ${titles[domain]}: ${supported} of ${all}\n\n${head}\n${lines.join('\n')}\n`;
  });
  const own = Object.keys(operators['com.microsoft']!).sort();
  sections.push(`### com.microsoft: ${own.length}\n\n${own.join(', ')}. Others are refused by name.\n`);
  return sections.join('\n');
}

const [start, end] = ['<!-- operators -->\n', '<!-- /operators -->'];

/** `page` with the tables as they are now. @throws where it lacks the markers */
export function withTables(page: string): string {
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/onnx.md lacks ${start.trim()} and ${end}`);
  return `${page.slice(0, from + start.length)}\n${operatorTables()}\n${page.slice(to)}`;
}

const file = new URL('../docs/onnx.md', import.meta.url);
const empty = `# ONNX

## Operators

Every operator of onnx ${list.onnx} up to opset 26, with the versions in which it changed. What is not supported is refused by name. Values are compared
with the node tests of the onnx package (\`test/shared/onnx\`) and with onnxruntime (\`test/golden/onnx\`), gradients with differences.

${start}${end}
`;

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(file, withTables(existsSync(file) ? readFileSync(file, 'utf8') : empty));
}
