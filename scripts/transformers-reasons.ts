/** Why an encoder, a head or an option of transformers is not supported, for docs/transformers.md. */

/** By `model_type`. */
export const otherEncoders: Readonly<Record<string, string>> = {
  bart: 'an encoder with a decoder',
  big_bird: 'attention to random and neighbouring blocks',
  convbert: 'convolutions made of the text beside attention',
  'data2vec-text': "RoBERTa's blocks under names of its own; nobody has asked for it",
  deberta: 'version 1: other projections than versions 2 and 3, one table of distances without buckets',
  ernie: "BERT's blocks with a table of tasks; nobody has asked for it",
  esm: 'proteins, not texts',
  flaubert: 'the blocks of XLM',
  fnet: 'Fourier transforms are not among the ops',
  funnel: 'pools positions between its blocks, so that a token has no state of its own',
  ibert: 'computes in integers',
  layoutlm: 'takes the place of each word on a page',
  longformer: 'attention in windows, with tokens that see all, chosen for each text',
  luke: 'takes entities beside words',
  mbart: 'an encoder with a decoder',
  mega: 'moving averages in place of attention; transformers has dropped it',
  'megatron-bert': 'normalizes before each block, not after it; nobody has asked for it',
  mobilebert: 'bottlenecks around each block, and normalization without a mean',
  mra: 'attention at several resolutions, approximated',
  mvp: 'an encoder with a decoder',
  nezha: 'BERT with relative positions; transformers has dropped it',
  nystromformer: 'attention approximated by landmarks',
  perceiver: 'reads bytes into an array of latent vectors',
  qdqbert: 'quantised in training; transformers has dropped it',
  reformer: 'attention by hashing, which is random',
  rembert: "BERT's blocks with tables of input and output of their own; nobody has asked for it",
  'roberta-prelayernorm': 'normalizes before each block, not after it; nobody has asked for it',
  roc_bert: 'takes shape and sound of each character beside its id',
  roformer: "BERT's blocks with rotary positions; nobody has asked for it",
  squeezebert: 'grouped convolutions in place of dense layers',
  tapas: 'takes rows and columns of a table',
  wav2vec2: 'sound, not texts',
  xlm: 'a table of languages, and blocks of its own',
  'xlm-roberta-xl': 'normalizes before each block, not after it; nobody has asked for it',
  xmod: 'an adapter for each language',
  yoso: 'attention by sampling, which is random',
};

/** By how the names of the classes end. */
export const otherHeads: Readonly<Record<string, string>> = {
  ForMultipleChoice:
    'scores several texts against each other, where an input here is one text or pair; its layers fit the option `head`',
  ForNextSentencePrediction: "its last layer fits the option `head`, with `pooling: 'pooler'`",
  ForPreTraining: "two heads at once, or ELECTRA's discriminator; `…ForMaskedLM` has the first",
  ForCausalLM: 'a decoder, which hides what comes after a position',
};

/** What of a config is refused, and what to do instead. */
export const refused: readonly (readonly [what: string, instead: string])[] = [
  [
    '`position_embedding_type` other than `absolute` (`relative_key`, `relative_key_query`)',
    'few BERTs have them, and transformers 5 has dropped them',
  ],
  ['`is_decoder`, `add_cross_attention`', 'decoders are not read'],
  ['`rope_scaling`, and rotary positions of another type than `default` (ModernBERT)', 'scaled positions are not read'],
  ['`layer_types` other than full and sliding attention', 'no such ModernBERT was published'],
  [
    'an even `conv_kernel_size`, an `attention_head_size` that is not the width over the heads (DeBERTa)',
    'no such DeBERTa was published',
  ],
  ['a `hidden_size` that the heads do not divide', 'the config is not that of the weights'],
  [
    'pickles: `pytorch_model.bin`, `.pt`, `.pth`',
    '`AutoModel….from_pretrained(folder).save_pretrained(folder, safe_serialization=True)`: pickles are never opened',
  ],
  ['weights in integers, or of 8 bits and fewer a value', 'save the model in float32, float16 or bfloat16'],
  [
    '`flax_model.msgpack`, `model.onnx` in the folder',
    'the first is not read; ONNX files are opened by [`pathgrad/onnx`](onnx.md)',
  ],
];
