/**
 * Resizing and CenterCrop, and what pictures go through before either. Pictures of one batch have one size here, so crops and
 * margins are fixed numbers. Source: `resizing.py`, `center_crop.py` and `image_utils.smart_resize` of Keras 3.15 and tf_keras 2.21.
 */

import { pad, slice } from '../../../ops/slicing.ts';
import { cast, round } from '../../../ops/unary.ts';
import { isFloat } from '../../../tensor/dtype.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { defineLayer, type LayerClass } from '../layer.ts';
import { inLayout } from '../layout.ts';
import type { Options } from '../options.ts';
import { type Interpolation, interpolations, resample } from './resample.ts';

type Size = readonly [height: number, width: number];

function sizeOption(o: Options): Size {
  return [o.count('height'), o.count('width')];
}

function resize(x: Tensor, [height, width]: Size, method: Interpolation, antialias = false): Tensor {
  return resample(resample(x, 1, height, method, antialias), 2, width, method, antialias);
}

/** `from` cut or widened to the aspect ratio of `size`: `int(width * target_height / target_width)` and so on. */
function withAspect(x: Tensor, [height, width]: Size): Size {
  const [rows, columns] = [x.shape[1]!, x.shape[2]!];
  const rounded = (value: number): number => Math.trunc(Math.fround(value));
  return [rounded((columns * height) / width), rounded((rows * width) / height)];
}

/** The middle part of the target's aspect ratio, as large as fits. */
function cropToAspect(x: Tensor, size: Size): Tensor {
  const wanted = withAspect(x, size);
  const spans = wanted.map((by, i) => {
    const dim = x.shape[i + 1]!;
    const kept = Math.max(Math.min(dim, by), 1);
    const from = Math.trunc((dim - kept) / 2);
    return [i + 1, [from, from + kept]] as const;
  });
  return slice(x, Object.fromEntries(spans));
}

/** Equal margins on both sides (an odd rest is dropped, as in Keras) until the target's aspect ratio is reached. */
function padToAspect(x: Tensor, size: Size, value: number): Tensor {
  const wanted = withAspect(x, size);
  const margins = wanted.map((by, i) => Math.trunc((Math.max(by, x.shape[i + 1]!) - x.shape[i + 1]!) / 2));
  return pad(x, [[0, 0], ...margins.map((by) => [by, by] as const), [0, 0]], value);
}

export const resizing: LayerClass = defineLayer({
  classes: ['Resizing'],
  create: (o) => {
    const size = sizeOption(o);
    const method = o.choice('interpolation', interpolations, 'bilinear');
    const [crop, padded] = [o.flag('crop_to_aspect_ratio', false), o.flag('pad_to_aspect_ratio', false)];
    o.expect('fill_mode', 'constant', "'constant'");
    const [value, antialias] = [o.number('fill_value', 0), o.flag('antialias', false)];
    o.ignore('bounding_box_format', 'data_format');
    const first = o.channelsFirst;
    const run = inLayout(first, (x) => {
      const shaped = crop ? cropToAspect(x, size) : padded ? padToAspect(x, size, value) : x;
      return resize(shaped, size, method, antialias);
    });
    return {
      rank: 4,
      anyDType: true,
      call: ([x]) => {
        if (isFloat(x!.dtype)) return run(x!);
        const y = run(cast(x!, 'float32'));
        // Keras 3 rounds pictures of bytes back to whole numbers; Keras 2 goes on with floats.
        return o.dialect.major === 3 ? cast(round(y), x!.dtype) : y;
      },
    };
  },
});

/** The middle of a picture; one that is too small is cropped to the aspect ratio and enlarged. */
export const centerCrop: LayerClass = defineLayer({
  classes: ['CenterCrop', 'RandomCrop'],
  create: (o) => {
    const size = sizeOption(o);
    o.ignore('bounding_box_format', 'data_format', 'rng_type');
    const random = o.className === 'RandomCrop';
    const run = inLayout(o.channelsFirst, (x) => {
      const spare = size.map((dim, i) => x.shape[i + 1]! - dim);
      if (random || spare.some((by) => by < 0)) return resize(cropToAspect(x, size), size, 'bilinear');
      const spans = spare.map((by, i) => [i + 1, [Math.trunc(by / 2), Math.trunc(by / 2) + size[i]!]] as const);
      return slice(x, Object.fromEntries(spans));
    });
    // At inference RandomCrop of Keras 2 crops to the aspect ratio and resizes; that of Keras 3 does nothing.
    return {
      rank: 4,
      call: ([x]) => (random && o.dialect.major === 3 ? x! : run(x!)),
      ...(random ? { trainingMatters: true as const } : {}),
    };
  },
});
