/** The examples that the page offers; their files lie in `examples/` beside it, copied there by scripts/build-web.mjs. */
export interface Example {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly model: string;
  /** For a transformer, whose `model` is its weights: the files beside them. */
  readonly beside?: {
    readonly config: string;
    readonly tokenizer: string;
    readonly tokenizerConfig: string;
  };
  readonly labels: readonly string[];
  readonly vocabulary?: string;
  /** Which end of a long text was cut off in training; 'pre' by default. */
  readonly truncating?: 'pre' | 'post';
  /** A file of texts, one a line. */
  readonly texts?: string;
  /** A table whose rows are samples. */
  readonly rows?: string;
  readonly pictures?: readonly { readonly name: string; readonly file: string }[];
}

export const examples: readonly Example[] = [
  {
    id: 'reviews',
    title: 'Film reviews',
    about: 'A convolutional net: type a sentence, see which words made it positive or negative.',
    model: 'imdb-cnn.h5',
    labels: ['negative', 'positive'],
    vocabulary: 'imdb-vocab.txt',
    texts: 'sentences.txt',
  },
  {
    id: 'transformer',
    title: 'Film reviews: DistilBERT',
    about: 'A small transformer: it reads pieces of words, each in the light of all others.',
    model: 'imdb-distilbert/tf_model.h5',
    beside: {
      config: 'imdb-distilbert/config.json',
      tokenizer: 'imdb-distilbert/tokenizer.json',
      tokenizerConfig: 'imdb-distilbert/tokenizer_config.json',
    },
    labels: ['negative', 'positive'],
    texts: 'sentences.txt',
  },
  {
    id: 'news',
    title: 'News headlines',
    about: 'A recurrent net with four classes: choose another one to see what speaks for it.',
    model: 'agnews-bilstm.h5',
    labels: ['World', 'Sports', 'Business', 'Sci/Tech'],
    vocabulary: 'agnews-vocab.txt',
    truncating: 'post',
    texts: 'headlines.txt',
  },
  {
    id: 'digits',
    title: 'Handwritten digits',
    about: 'A convolutional net on pictures: draw a digit, see which pixels decided.',
    model: 'mnist-cnn.h5',
    labels: [...'0123456789'],
    pictures: [...'0123456789'].map((digit) => ({ name: digit, file: `digits/${digit}.png` })),
  },
  {
    id: 'wine',
    title: 'Wines',
    about: 'A table of 178 wines, 13 measures each: see what tells one cultivar from another.',
    model: 'wine-mlp.keras',
    labels: ['Barolo', 'Grignolino', 'Barbera'],
    rows: 'wine.csv',
  },
];
