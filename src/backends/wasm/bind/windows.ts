/**
 * Tables of the places that convolution windows see: for every position and segment of a window the byte offset within
 * a sample, or -1 for padding. Neighbouring taps that always lie side by side in memory are one segment.
 */
import type { Three, Windows } from './geometry.ts';

export interface ForwardWindows {
  /** `[positions, segments]`. */
  readonly offsets: Int32Array;
  readonly segments: number;
  /** Elements of a segment. */
  readonly length: number;
  /** Bytes from window to window where each is a single segment and they are evenly spaced; else null. */
  readonly even: number | null;
}

const sizes = (s: Three): number => s[0] * s[1] * s[2];

/** The step between all neighbours, or null; padding is never even. */
function evenStep(offsets: Int32Array): number | null {
  if (offsets[0] !== 0) return null;
  const step = offsets[1] ?? 0;
  if (step < 0) return null;
  return offsets.every((offset, i) => offset === i * step) ? step : null;
}

/** What each output position sees of the input. */
export function forwardWindows(w: Windows, channels: number, groupChannels: number): ForwardWindows {
  const { input, output, window, stride, dilation, before } = w;
  const reach = (output[2] - 1) * stride[2] + (window[2] - 1) * dilation[2] - before[2];
  const joined = channels === groupChannels && dilation[2] === 1 && before[2] === 0 && reach < input[2];
  const across = joined ? 1 : window[2];
  const segments = window[0] * window[1] * across;
  const offsets = new Int32Array(sizes(output) * segments);
  let at = 0;
  for (let od = 0; od < output[0]; od++) {
    for (let oh = 0; oh < output[1]; oh++) {
      for (let ow = 0; ow < output[2]; ow++) {
        for (let kd = 0; kd < window[0]; kd++) {
          const d = od * stride[0] - before[0] + kd * dilation[0];
          for (let kh = 0; kh < window[1]; kh++) {
            const h = oh * stride[1] - before[1] + kh * dilation[1];
            const open = d >= 0 && d < input[0] && h >= 0 && h < input[1];
            for (let kw = 0; kw < across; kw++) {
              const x = ow * stride[2] - before[2] + kw * dilation[2];
              const inside = open && x >= 0 && x < input[2];
              offsets[at++] = inside ? ((d * input[1] + h) * input[2] + x) * channels * 4 : -1;
            }
          }
        }
      }
    }
  }
  const length = groupChannels * (joined ? window[2] : 1);
  return { offsets, segments, length, even: segments === 1 ? evenStep(offsets) : null };
}

/** Input positions that the same taps reach: those of one remainder modulo the stride on each axis. */
export interface Phase {
  /** Positions of one sample. */
  readonly count: number;
  /** Flat indices of the taps that reach them. */
  readonly taps: readonly number[];
  /** `[count, taps]`: byte offset of the gradient that a tap takes, -1 where there is none. */
  readonly offsets: Int32Array;
  readonly even: number | null;
  /** Byte offsets of the positions, or null where they are all, in order. */
  readonly targets: number[] | null;
}

interface AxisPhase {
  readonly places: number[];
  readonly taps: number[];
}

/** The phases of one axis. */
function axisPhases(w: Windows, axis: 0 | 1 | 2): AxisPhase[] {
  const [size, stride, before] = [w.input[axis], w.stride[axis], w.before[axis]];
  const of = (count: number, keep: (i: number) => boolean): number[] =>
    Array.from({ length: count }, (_, i) => i).filter(keep);
  return Array.from({ length: stride }, (_, phase) => ({
    places: of(size, (i) => (i + before) % stride === phase),
    taps: of(w.window[axis], (k) => (k * w.dilation[axis]) % stride === phase),
  }));
}

/** For every position of the input: which output's gradient each tap brings back to it. */
export function inputPhases(w: Windows, inChannels: number, outChannels: number): Phase[] {
  const { input, output, window, stride, dilation, before } = w;
  const back = (place: number, tap: number, axis: 0 | 1 | 2): number => {
    const o = (place + before[axis] - tap * dilation[axis]) / stride[axis];
    return o >= 0 && o < output[axis] ? o : -1;
  };
  const phases: Phase[] = [];
  for (const d of axisPhases(w, 0)) {
    for (const h of axisPhases(w, 1)) {
      for (const x of axisPhases(w, 2)) {
        const taps = d.taps.flatMap((kd) =>
          h.taps.flatMap((kh) => x.taps.map((kw) => (kd * window[1] + kh) * window[2] + kw)),
        );
        const count = d.places.length * h.places.length * x.places.length;
        const offsets = new Int32Array(count * taps.length);
        const targets: number[] = [];
        let at = 0;
        for (const id of d.places) {
          for (const ih of h.places) {
            for (const ix of x.places) {
              targets.push(((id * input[1] + ih) * input[2] + ix) * inChannels * 4);
              // Counted by hand: iterators, one to an axis and position, are megabytes of a net.
              for (let i = 0; i < d.taps.length; i++) {
                const od = back(id, d.taps[i]!, 0);
                for (let j = 0; j < h.taps.length; j++) {
                  const oh = back(ih, h.taps[j]!, 1);
                  for (let k = 0; k < x.taps.length; k++) {
                    const ox = back(ix, x.taps[k]!, 2);
                    const inside = od >= 0 && oh >= 0 && ox >= 0;
                    offsets[at++] = inside ? ((od * output[1] + oh) * output[2] + ox) * outChannels * 4 : -1;
                  }
                }
              }
            }
          }
        }
        const whole = count === sizes(input);
        const even = taps.length === 1 && count > 0 ? evenStep(offsets) : null;
        phases.push({ count, taps, offsets, even, targets: whole ? null : targets });
      }
    }
  }
  return phases;
}
