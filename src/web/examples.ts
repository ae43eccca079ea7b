/** The examples that the page offers; their files lie in `examples/` beside it, copied there by scripts/build-web.mjs. */
export interface Example {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly model: string;
  readonly labels: readonly string[];
  readonly vocabulary?: string;
  /** A file of texts, one a line. */
  readonly texts?: string;
  readonly pictures?: readonly { readonly name: string; readonly file: string }[];
}

export const examples: readonly Example[] = [
  {
    id: 'reviews',
    title: 'Film reviews',
    about: 'A text model: type a sentence, see which words made it positive or negative.',
    model: 'imdb-cnn.h5',
    labels: ['negative', 'positive'],
    vocabulary: 'imdb-vocab.txt',
    texts: 'sentences.txt',
  },
  {
    id: 'digits',
    title: 'Handwritten digits',
    about: 'A picture model: draw a digit, see which pixels decided.',
    model: 'mnist-cnn.h5',
    labels: [...'0123456789'],
    pictures: [...'0123456789'].map((digit) => ({ name: digit, file: `digits/${digit}.png` })),
  },
];
