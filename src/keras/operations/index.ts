/**
 * Operations that files record among their layers: `keras.ops` calls (Keras 3), TensorFlow calls (`TFOpLambda`, `SlicingOpLambda`) and
 * TensorFlow nodes (`TensorFlowOpLayer`) of tf.keras. Class names can be those of layers, so the module tells them apart.
 */
import { gelu } from '../../ops/activations.ts';
import { failure } from '../../tensor/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { field, isRecord } from '../config/json.ts';
import type { Json, LayerSpec } from '../config/spec.ts';
import type { Options } from '../layers/options.ts';
import { interpolations, resample } from '../layers/pictures/resample.ts';
import { OpArguments, type Operand, type OperationRule, rule } from './arguments.ts';
import { elementwise, floatOf } from './elementwise.ts';
import { moreElementwise } from './elementwise-more.ts';
import { functionNames, nodeNames, snake } from './names.ts';
import { neural } from './neural.ts';
import { mayBeOperation, recorders } from './recorded.ts';
import { reducing } from './reducing.ts';
import { moreReducing } from './reducing-more.ts';
import { shaping } from './shaping.ts';
import { moreShaping } from './shaping-more.ts';

export type { Operand } from './arguments.ts';

/** What a call of the operation builds; `named` holds keyword arguments. */
export type Operation = (
  positional: readonly Operand[],
  named: Readonly<Record<string, Operand>>,
) => Tensor | readonly Tensor[];

/** TensorFlow's own: other defaults than Keras's, or no counterpart there. */
const tensorflow: Readonly<Record<string, OperationRule>> = {
  argmax_tf: rule('x|input axis|dimension output_type', (a) => withAxis('argmax', a)),
  argmin_tf: rule('x|input axis|dimension output_type', (a) => withAxis('argmin', a)),
  gelu_tf: rule('x|features approximate', (a) => gelu(floatOf(a, 'x'), { approximate: a.flag('approximate') })),
  'image.resize': rule(
    'images|x size method|interpolation preserve_aspect_ratio antialias data_format crop_to_aspect_ratio pad_to_aspect_ratio fill_mode fill_value',
    (a) => {
      const [size, method] = [a.integers('size')!, a.text('method', 'bilinear')];
      const known = interpolations.find((name) => name === method);
      if (!known || size.length !== 2) throw a.wrong('method', interpolations.join(', '));
      if (a.text('data_format', 'channels_last') !== 'channels_last') throw a.wrong('data_format', "'channels_last'");
      if (a.flag('crop_to_aspect_ratio') || a.flag('pad_to_aspect_ratio'))
        throw a.wrong('crop_to_aspect_ratio', 'false');
      const x = floatOf(a, 'images');
      const antialias = a.flag('antialias');
      return resample(resample(x, 1, size[0]!, known, antialias), 2, size[1]!, known, antialias);
    },
  ),
};

function withAxis(name: 'argmax' | 'argmin', a: OpArguments): Tensor {
  const named = { axis: a.number('axis', 0) };
  const inner = new OpArguments(reducing[name]!.params, {
    ...a,
    subject: a.subject,
    positional: [a.tensor('x')],
    named,
    dtype: a.dtype,
  });
  return reducing[name]!.run(inner) as Tensor;
}

const rules: Readonly<Record<string, OperationRule>> = {
  ...elementwise,
  ...moreElementwise,
  ...reducing,
  ...moreReducing,
  ...shaping,
  ...moreShaping,
  ...neural,
  ...tensorflow,
};

/** Canonical names of all operations. */
export const operationNames: readonly string[] = Object.keys(rules).sort();

function ruleNamed(name: string): OperationRule | undefined {
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}

/** Keras 3's class, in snake case; a few have Python names of their own. */
function kerasRule(className: string): OperationRule | undefined {
  const name = snake(className);
  const renamed: Readonly<Record<string, string>> = {
    true_divide: 'divide',
    resize: 'image.resize',
  };
  return ruleNamed(Object.hasOwn(renamed, name) ? renamed[name]! : name);
}

/** Whether the entry is an operation rather than a layer. */
export function isOperation(spec: LayerSpec): boolean {
  if (!mayBeOperation(spec)) return false;
  return recorders.includes(spec.className) || spec.module !== null || kerasRule(spec.className) !== undefined;
}

/** What an operation is called in the file: `Mean`, `tf.math.reduce_mean`, `tf.raw_ops.AddV2`. */
export function operationName(spec: Pick<LayerSpec, 'className' | 'config'>): string {
  const node = field(spec.config, 'node_def');
  if (spec.className === 'TensorFlowOpLayer') return `tf.raw_ops.${isRecord(node) ? String(field(node, 'op')) : '?'}`;
  return recorders.includes(spec.className) ? `tf.${String(field(spec.config, 'function'))}` : spec.className;
}

/** The operation of a config entry, or undefined where it is not one of those above. */
export function findOperation(spec: Pick<LayerSpec, 'className' | 'config'>): ((o: Options) => Operation) | undefined {
  if (spec.className === 'TensorFlowOpLayer') return nodeOperation(spec.config);
  const found = recorders.includes(spec.className)
    ? functionRule(String(field(spec.config, 'function')))
    : kerasRule(spec.className);
  if (!found) return undefined;
  return (o) => {
    o.ignoreAll();
    const { name: _, function: __, ...options } = spec.config as Record<string, Operand>;
    return (positional, named) => {
      const args = { subject: o.subject, positional, named: { ...options, ...named }, dtype: o.computeType };
      return found.run(new OpArguments(found.params, args));
    };
  };
}

/** `math.reduce_mean`, `compat.v1.nn.softmax`, `__operators__.add`, `keras.activations.relu`. */
function functionRule(name: string): OperationRule | undefined {
  if (name.includes('.') && ruleNamed(name)) return ruleNamed(name);
  const plain = name.slice(name.lastIndexOf('.') + 1);
  return ruleNamed(Object.hasOwn(functionNames, plain) ? functionNames[plain]! : plain);
}

/** A graph node: constants stand at their place among the inputs, the rest in attributes. */
function nodeOperation(config: LayerSpec['config']): ((o: Options) => Operation) | undefined {
  const node = field(config, 'node_def');
  const type = isRecord(node) ? field(node, 'op') : null;
  if (!isRecord(node) || typeof type !== 'string') return undefined;
  const found = ruleNamed(Object.hasOwn(nodeNames, type) ? nodeNames[type]! : snake(type));
  if (!found) return undefined;
  const constants = field(config, 'constants');
  const attributes = attributesOf(field(node, 'attr'));
  return (o) => {
    o.ignoreAll();
    return (given) => {
      const tensors = given.flatMap((value) => (Array.isArray(value) ? (value as readonly Operand[]) : [value]));
      const positional: Operand[] = [];
      const total = tensors.length + (isRecord(constants) ? Object.keys(constants).length : 0);
      for (let i = 0, next = 0; i < total; i++) {
        const constant = isRecord(constants) ? field(constants, String(i)) : null;
        positional.push(constant === null ? tensors[next++]! : (constant as Operand));
      }
      // Nodes of many inputs list them one by one; ours take a list (and ConcatV2 has its axis last).
      const list = found.params[0]!.startsWith('xs') || type === 'AddN';
      const ordered =
        list && type === 'ConcatV2' ? [positional.slice(0, -1), positional.at(-1)!] : list ? [positional] : positional;
      const args = { subject: o.subject, positional: ordered, named: attributes, dtype: o.computeType };
      return found.run(new OpArguments(found.params, args));
    };
  };
}

/** `{ T: { type }, keep_dims: { b: true }, axis: { i: '1' } }` as plain values; types are left out. */
function attributesOf(attr: Json): Record<string, Operand> {
  const plain: Record<string, Operand> = {};
  for (const [key, value] of Object.entries(isRecord(attr) ? attr : {})) {
    if (!isRecord(value)) continue;
    const [b, i, f, s, list] = ['b', 'i', 'f', 's', 'list'].map((kind) => field(value, kind));
    if (b !== null) plain[key] = b as boolean;
    else if (i !== null) plain[key] = Number(i);
    else if (f !== null) plain[key] = f as number;
    else if (s !== null) plain[key] = typeof s === 'string' ? atobSafe(s) : null;
    else if (isRecord(list)) plain[key] = ((field(list, 'i') ?? []) as readonly Json[]).map(Number);
    else if (key === 'DstT') plain[key] = String(field(value, 'type'));
  }
  return plain;
}

/** Bytes in a node's attribute are base64. */
function atobSafe(text: string): string {
  try {
    return atob(text);
  } catch {
    return text;
  }
}

/** Refuses an operation that is not known, naming it. */
export function unknownOperation(subject: string, spec: LayerSpec): Error {
  const hint = `give its TypeScript: loadModel(file, { layers: { '${spec.name}': ([x]) => … } })`;
  return failure(
    subject,
    `operation ${operationName(spec)} is not supported`,
    { supported: operationNames.length },
    hint,
  );
}
