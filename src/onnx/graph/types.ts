/** Element types of results, which a file need not state: integers have the range of theirs, and casts round to it. */
import type { Tensor } from '../../tensor/tensor.ts';
import { typeName } from '../file/values.ts';
import type { Step } from './prepare.ts';
import type { Value } from './run.ts';

const [FLOAT, BOOL, INT64] = [1, 9, 7];
/** Operators that give one type whatever they are given; those of indices by the place of the output. */
const own: Readonly<Record<string, number | Readonly<Record<number, number>>>> = {
  ...{ DynamicQuantizeLinear: 2, ConvInteger: 6, MatMulInteger: 6 },
  ...{ Shape: INT64, Size: INT64, ArgMax: INT64, ArgMin: INT64, NonZero: INT64 },
  ...{ TopK: { 1: INT64 }, MaxPool: { 1: INT64 }, Unique: { 1: INT64, 2: INT64, 3: INT64 } },
};
/** Operators whose result has the type of an input that is not the first of its kind. */
const likeInput: Readonly<Record<string, number>> = { CastLike: 1, OneHot: 2, QuantizeLinear: 2 };
/** Attributes that say the type of the result. */
const stated: readonly string[] = ['to', 'dtype', 'output_dtype', 'output_datatype'];

const isInteger = (type: number): boolean => /int/.test(typeName(type));
const isFloatType = (type: number): boolean => /^(float|float16|double|bfloat16)$/.test(typeName(type));

/** The number of each result's element type in the format. */
export function resultTypes(
  { node }: Step,
  inputs: readonly (Value | null)[],
  results: readonly Tensor[],
): readonly number[] {
  const { opType, attributes } = node;
  const first = (fits: (type: number) => boolean): number | undefined =>
    inputs.find((value) => value && fits(value.type))?.type;
  // Values that a node holds itself.
  const held = attributes.get('value')?.tensor?.type;
  const said = stated.map((name) => attributes.get(name)?.int).find((type) => typeof type === 'number' && type > 0);
  return results.map(({ dtype }, i) => {
    const fixed = own[opType];
    const always = typeof fixed === 'number' ? fixed : fixed?.[i];
    if (always !== undefined) return always;
    const isFloat = dtype === 'float32' || dtype === 'float64';
    // Quantised values are whole floats here, of the type that the file means.
    if (isFloat && (opType === 'QuantizeLinear' || opType.startsWith('QLinear'))) {
      return inputs[opType === 'QuantizeLinear' ? 2 : 7]?.type ?? said ?? 2;
    }
    if (isFloat && carries(opType) && inputs[0]) return inputs[0].type;
    const like = inputs[likeInput[opType] ?? -1]?.type;
    const type = held ?? said ?? like;
    // A type that the dtype contradicts is not it.
    if (isFloat) return type !== undefined && isFloatType(type) ? type : (first(isFloatType) ?? FLOAT);
    if (dtype === 'bool') return BOOL;
    return type !== undefined && isInteger(type) ? type : (first(isInteger) ?? INT64);
  });
}

/** Operators whose result has the type of what they are given. */
const carries = (opType: string): boolean =>
  /^(Add|Sub|Mul|Div|Mod|Neg|Abs|Max|Min|Sum|Relu|Clip|Reshape|Transpose|Flatten|Squeeze|Unsqueeze|Identity|Slice|Concat|Split|MaxPool|Gather|Pad|Expand|Tile)$/.test(
    opType,
  );
