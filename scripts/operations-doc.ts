/**
 * Writes docs/operations.md: every operation of keras.ops that a functional model can record, and whether it is supported, asked of the
 * code itself. `node --import tsx scripts/operations-doc.ts`. The list is keras-operations.json, made by keras_operations.py.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { findOperation } from '../src/keras/operations/index.ts';

interface List {
  readonly version: string;
  readonly operations: { readonly [module: string]: readonly string[] };
}

const { version, operations } = JSON.parse(
  readFileSync(new URL('keras-operations.json', import.meta.url), 'utf8'),
) as List;

/** Why an operation of Keras is not there. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/^(Map|Scan|AssociativeScan|Switch|WhileLoop|ForiLoop|Cond|VectorizedMap|Function|JVP)$/, 'calls Python code'],
  [
    /(Sort|sort|Median|median|Quantile|quantile|Percentile|percentile|TopK|InTopK|Argpartition|SearchSorted|Digitize|Sparsemax)/,
    'no op sorts',
  ],
  [/(FFT|STFT|Complex|ViewAsReal|Polar|Angle)/, 'no complex numbers or Fourier transforms'],
  [
    /^(Cholesky|CholeskyInverse|Det|Eig|Eigh|Inv|LuFactor|Qr|Solve|SolveTriangular|SVD|Lstsq|MatrixRank|Pinv|Logdet|Slogdet)$/,
    'no op decomposes or inverts matrices',
  ],
  [/^(Bitwise|LeftShift|RightShift|Gcd|Lcm|View$|Nextafter|Signbit)/, 'no op works on the bits of a number'],
  [
    /^(Nonzero|Unique|IsIn|Bincount|Histogram)$/,
    'the shape of the result, or a table of counts, depends on the values',
  ],
  [/^ConvTranspose$/, 'Keras 3.15.1 itself fails to run it from a file'],
  [/^(CTC)/, 'belongs to training'],
];

export function operationsDoc(): string {
  let [all, supported] = [0, 0];
  const sections = Object.entries(operations).map(([module, names]) => {
    const rows = names.map((className) => {
      const known = findOperation({ className, config: {} }) !== undefined;
      all++;
      if (known) supported++;
      const why = reasons.find(([pattern]) => pattern.test(className))?.[1] ?? 'not yet';
      return `| ${className} | ${known ? 'yes |' : `no | ${why}`} |`;
    });
    return `## keras.ops, ${module}\n\n| operation | supported | why not |\n|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Operations

Written by \`scripts/operations-doc.ts\`. A functional model records each call of \`keras.ops\` as a layer of its own; these are all of Keras ${version}, under
the names that files give them. ${supported} of ${all} are supported; another is refused by name when the model is loaded. An argument that is not understood
is refused too. Values are compared with
real Keras (test/golden/make_operations.py, test/golden/zoo), gradients with differences of its values.

${sections.join('\n')}`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(new URL('../docs/operations.md', import.meta.url), operationsDoc());
}
