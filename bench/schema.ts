/**
 * Checks a results file against schema.json before it is written and when it is plotted. Knows the keywords that schema
 * uses and refuses others, so that a rule which is never applied cannot slip in.
 */
import { readFileSync } from 'node:fs';
import { failure } from '../src/tensor/errors.ts';
import type { Environment } from './env.ts';
import type { CaseResult } from './harness.ts';

export interface Results {
  readonly env: Environment;
  readonly cases: readonly CaseResult[];
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly minItems?: number;
}

const keywords = ['type', 'enum', 'required', 'properties', 'additionalProperties', 'items', 'minimum', 'minItems'];
const notes = ['$schema', 'title', 'description'];

const schema = JSON.parse(readFileSync(new URL('schema.json', import.meta.url), 'utf8')) as Schema;

/** @throws PathgradError naming the place in the file and what is expected there */
export function checkResults(value: unknown, file = 'results'): Results {
  check(value, schema, '', file);
  return value as Results;
}

function check(value: unknown, rule: Schema, path: string, file: string): void {
  const wrong = (expected: unknown): never => {
    throw failure(file, `does not fit bench/schema.json at ${path || 'the top'}`, { expected, got: typeOf(value) });
  };
  const unknown = Object.keys(rule).find((key) => !keywords.includes(key) && !notes.includes(key));
  if (unknown) throw failure('bench/schema.json', `keyword '${unknown}' is not supported by the checker`);
  if (rule.enum && !rule.enum.includes(value)) wrong(`one of ${rule.enum.join(', ')}`);
  if (rule.type !== undefined) {
    const types = typeof rule.type === 'string' ? [rule.type] : rule.type;
    const fits = types.some((type) => (type === 'integer' ? Number.isInteger(value) : type === typeOf(value)));
    if (!fits) wrong(types.join(' or '));
  }
  if (rule.minimum !== undefined && !((value as number) >= rule.minimum)) wrong(`at least ${rule.minimum}`);
  if (Array.isArray(value)) {
    if (value.length < (rule.minItems ?? 0)) wrong(`at least ${rule.minItems} entries`);
    if (rule.items) for (const [i, item] of value.entries()) check(item, rule.items, `${path}[${i}]`, file);
  } else if (typeOf(value) === 'object') checkProperties(value as Record<string, unknown>, rule, path, file);
}

function checkProperties(value: Record<string, unknown>, rule: Schema, path: string, file: string): void {
  const missing = rule.required?.find((key) => !Object.hasOwn(value, key));
  if (missing) throw failure(file, `'${missing}' is missing at ${path || 'the top'}`);
  for (const [key, item] of Object.entries(value)) {
    const known = rule.properties?.[key] ?? rule.additionalProperties ?? true;
    if (known === false) throw failure(file, `'${path}.${key}' is not in bench/schema.json`);
    if (known !== true) check(item, known, `${path}.${key}`, file);
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
