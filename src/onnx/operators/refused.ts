/** Operators that exist and are refused by name, with the reason: no gradient, a shape that follows from values, randomness, no tensors of numbers. */

export type Refusal =
  | 'its result is random'
  | 'it has no gradient'
  | 'it looks up what stands for a label, which has no gradient'
  | 'the shape of its result follows from values'
  | 'it works on texts'
  | 'it works on sequences or optional values, not on tensors'
  | 'it is a step of training'
  | 'it is rare in models that are explained';

const list = (reason: Refusal, ...names: readonly string[]): Record<string, Refusal> =>
  Object.fromEntries(names.map((name) => [name, reason]));

// @__NO_SIDE_EFFECTS__
const table = (): Readonly<Record<string, Readonly<Record<string, Refusal>>>> => ({
  '': {
    ...list(
      'its result is random',
      'Bernoulli',
      'Multinomial',
      'RandomNormal',
      'RandomNormalLike',
      'RandomUniform',
      'RandomUniformLike',
    ),
    ...list('the shape of its result follows from values', 'NonMaxSuppression', 'Unique'),
    ...list(
      'it works on texts',
      'StringConcat',
      'StringNormalizer',
      'StringSplit',
      'RegexFullMatch',
      'TfIdfVectorizer',
    ),
    ...list(
      'it works on sequences or optional values, not on tensors',
      'ConcatFromSequence',
      'SequenceAt',
      'SequenceConstruct',
      'SequenceEmpty',
      'SequenceErase',
      'SequenceInsert',
      'SequenceLength',
      'SequenceMap',
      'SplitToSequence',
      'Optional',
      'OptionalGetElement',
      'OptionalHasElement',
    ),
    ...list(
      'it is rare in models that are explained',
      'DeformConv',
      'Det',
      'ImageDecoder',
      'MaxRoiPool',
      'RoiAlign',
      'TensorScatter',
      'BitCast',
    ),
  },
  'ai.onnx.ml': {
    ...list('it has no gradient', 'TreeEnsemble', 'TreeEnsembleClassifier', 'TreeEnsembleRegressor'),
    ...list('it looks up what stands for a label, which has no gradient', 'LabelEncoder'),
    ...list('it works on texts', 'CategoryMapper', 'DictVectorizer', 'CastMap'),
    ...list('it is rare in models that are explained', 'SVMClassifier', 'SVMRegressor'),
  },
  'ai.onnx.preview.training': list('it is a step of training', 'Adagrad', 'Adam', 'Gradient', 'Momentum'),
});

/** The reason by domain and name. */
export const refusals: Readonly<Record<string, Readonly<Record<string, Refusal>>>> = /* @__PURE__ */ table();
