/** The Lambda layers of the corpus in TypeScript, by layer name. What each computes is readable from the constants in its file. */
import { type CustomLayers, mean, mul, reshape, square, sum, transpose } from '../../src/index.ts';

const lambdas: CustomLayers = {
  // DeepFM: means of genre embeddings, and half of (sum squared minus sum of squares).
  cat_embed_2d_genure_mean: ([x]) => mean(x!, { axes: 1, keepDims: true }),
  embed_1d_mean: ([x]) => mean(x!, { axes: 1 }),
  sum_of_tensors: ([x]) => sum(x!, { axes: 1 }),
  square_of_tensors: ([x]) => square(x!),
  space_to_depth_x2: ([x]) => {
    const [batch, height, width, channels] = x!.shape as readonly [number, number, number, number];
    const blocks = reshape(x!, [batch, height / 2, 2, width / 2, 2, channels]);
    return reshape(transpose(blocks, [0, 1, 3, 2, 4, 5]), [batch, height / 2, width / 2, 4 * channels]);
  },
};

/** Names such as `lambda_1` mean something else in each file. */
export const lambdasOf = (file: string): CustomLayers =>
  file.includes('sequential_lambda')
    ? { lambda_1: ([x]) => mul(x!, x!), lambda_2: ([x]) => mul(x!, 3) }
    : { ...lambdas, lambda_1: ([x]) => mul(x!, 0.5) };
