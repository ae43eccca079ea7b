/**
 * Convolution as a matrix product over patches ("im2col"): row `p` of the patch matrix holds what the window sees at
 * output position `p`, so that y = patches W, dW = patches^T g and dx = (g W^T) put back where the patches came from.
 * One sample and one group at a time; 1-D and 2-D run as 3-D with sizes of 1 in front.
 */
import type { TypedArray } from '../../src/tensor/dtype.ts';
import { gemm, type Matrix } from './matmul.ts';

type Three = readonly [number, number, number];

export interface ConvGeometry {
  readonly batch: number;
  readonly input: Three;
  readonly output: Three;
  readonly window: Three;
  readonly stride: Three;
  readonly dilation: Three;
  /** Zeros before each axis; those after follow from the sizes. */
  readonly before: Three;
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

const volume = (s: Three): number => s[0] * s[1] * s[2];

/** Calls `visit(patchOffset, inputOffset)` for every window element that lies inside the input, channels excluded. */
function forEachTap(geo: ConvGeometry, width: number, visit: (patch: number, input: number) => void): void {
  const { input, output, window, stride, dilation, before, inChannels } = geo;
  const taps = volume(window);
  let position = 0;
  for (let od = 0; od < output[0]; od++) {
    for (let oh = 0; oh < output[1]; oh++) {
      for (let ow = 0; ow < output[2]; ow++, position++) {
        let tap = position * taps;
        for (let kd = 0; kd < window[0]; kd++) {
          const d = od * stride[0] - before[0] + kd * dilation[0];
          for (let kh = 0; kh < window[1]; kh++) {
            const h = oh * stride[1] - before[1] + kh * dilation[1];
            const inside = d >= 0 && d < input[0] && h >= 0 && h < input[1];
            for (let kw = 0; kw < window[2]; kw++, tap++) {
              const w = ow * stride[2] - before[2] + kw * dilation[2];
              if (inside && w >= 0 && w < input[2])
                visit(tap * width, ((d * input[1] + h) * input[2] + w) * inChannels);
            }
          }
        }
      }
    }
  }
}

interface Parts {
  readonly positions: number;
  readonly taps: number;
  /** Input and output channels of one group. */
  readonly width: number;
  readonly out: number;
  readonly patches: TypedArray;
}

function parts(geo: ConvGeometry, patches: TypedArray): Parts {
  const [positions, taps] = [volume(geo.output), volume(geo.window)];
  return { positions, taps, width: geo.inChannels / geo.groups, out: geo.outChannels / geo.groups, patches };
}

/** How many elements the `patches` argument of the three kernels must hold: those of one sample and group. */
export function patchCount(geo: ConvGeometry): number {
  return (volume(geo.output) * volume(geo.window) * geo.inChannels) / geo.groups;
}

const patchMatrix = ({ patches, taps, width }: Parts): Matrix => ({ data: patches, at: 0, row: taps * width, col: 1 });
const transposed = ({ data, at, row, col }: Matrix): Matrix => ({ data, at, row: col, col: row });

/** The kernel of one group as a matrix `[taps * width, out]`. */
const kernelMatrix = (data: TypedArray, geo: ConvGeometry, group: number, out: number): Matrix => ({
  data,
  at: group * out,
  row: geo.outChannels,
  col: 1,
});

const outputMatrix = (data: TypedArray, geo: ConvGeometry, p: Parts, sample: number, group: number): Matrix => ({
  data,
  at: sample * p.positions * geo.outChannels + group * p.out,
  row: geo.outChannels,
  col: 1,
});

function fillPatches(geo: ConvGeometry, p: Parts, x: TypedArray, sample: number, group: number): void {
  const from = sample * volume(geo.input) * geo.inChannels + group * p.width;
  const { patches, width } = p;
  patches.fill(0);
  forEachTap(geo, width, (patch, input) => {
    for (let c = 0; c < width; c++) patches[patch + c] = x[from + input + c]!;
  });
}

export function conv(y: TypedArray, x: TypedArray, kernel: TypedArray, geo: ConvGeometry, patches: TypedArray): void {
  const p = parts(geo, patches);
  for (let sample = 0; sample < geo.batch; sample++) {
    for (let group = 0; group < geo.groups; group++) {
      fillPatches(geo, p, x, sample, group);
      const w = kernelMatrix(kernel, geo, group, p.out);
      gemm(outputMatrix(y, geo, p, sample, group), patchMatrix(p), w, p.positions, p.taps * p.width, p.out);
    }
  }
}

export function convGradInput(
  dx: TypedArray,
  g: TypedArray,
  kernel: TypedArray,
  geo: ConvGeometry,
  patches: TypedArray,
): void {
  const p = parts(geo, patches);
  const { width } = p;
  dx.fill(0);
  for (let sample = 0; sample < geo.batch; sample++) {
    for (let group = 0; group < geo.groups; group++) {
      const w = transposed(kernelMatrix(kernel, geo, group, p.out));
      gemm(patchMatrix(p), outputMatrix(g, geo, p, sample, group), w, p.positions, p.out, p.taps * width);
      const to = sample * volume(geo.input) * geo.inChannels + group * width;
      forEachTap(geo, width, (patch, input) => {
        for (let c = 0; c < width; c++) dx[to + input + c]! += patches[patch + c]!;
      });
    }
  }
}

export function convGradKernel(
  dw: TypedArray,
  x: TypedArray,
  g: TypedArray,
  geo: ConvGeometry,
  patches: TypedArray,
): void {
  const p = parts(geo, patches);
  dw.fill(0);
  for (let sample = 0; sample < geo.batch; sample++) {
    for (let group = 0; group < geo.groups; group++) {
      fillPatches(geo, p, x, sample, group);
      const out = kernelMatrix(dw, geo, group, p.out);
      gemm(
        out,
        transposed(patchMatrix(p)),
        outputMatrix(g, geo, p, sample, group),
        p.taps * p.width,
        p.positions,
        p.out,
        true,
      );
    }
  }
}
