/** The area under a curve of counts at rising thresholds, as Keras 3.15's `AUC.result` has it (after Davis and Goadrich 2006 for PR). */
import { quotient } from './metric.ts';

/** What is drawn: true over false positive rate, precision over recall, or their gains. */
export type Curve = 'ROC' | 'PR' | 'PRGAIN';
/** Heights between two thresholds: the mean, the larger or the smaller. */
export type Summation = 'interpolation' | 'majoring' | 'minoring';

/** The weight of what is above each threshold, and of all. */
export interface Counts {
  readonly truePositives: Float64Array;
  readonly falsePositives: Float64Array;
  readonly total: number;
  readonly others: number;
}

/** The area of one label. */
export function areaOf(counts: Counts, curve: Curve, summation: Summation): number {
  if (curve === 'PR' && summation === 'interpolation') return interpolatedPr(counts);
  const points = Array.from(counts.truePositives, (_, i) => pointOf(counts, i, curve));
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const [left, right] = [points[i - 1]!, points[i]!];
    area += (left.x - right.x) * height(left.y, right.y, summation);
  }
  return area;
}

function height(a: number, b: number, summation: Summation): number {
  if (summation === 'interpolation') return (a + b) / 2;
  return summation === 'minoring' ? Math.min(a, b) : Math.max(a, b);
}

function pointOf(
  { truePositives, falsePositives, total, others }: Counts,
  i: number,
  curve: Curve,
): { x: number; y: number } {
  const [tp, fp] = [truePositives[i]!, falsePositives[i]!];
  const recall = quotient(tp, total);
  if (curve === 'ROC') return { x: quotient(fp, others), y: recall };
  if (curve === 'PR') return { x: recall, y: quotient(tp, tp + fp) };
  if (tp === 0) return { x: 0, y: 1 };
  const scale = quotient(total, others);
  return { x: Math.max(1 - (scale * (total - tp)) / tp, 0), y: 1 - (scale * fp) / tp };
}

/** Between two thresholds true positives are a straight line of all positives, which precision is not. */
function interpolatedPr({ truePositives, falsePositives, total }: Counts): number {
  let area = 0;
  for (let i = 1; i < truePositives.length; i++) {
    const [before, tp] = [truePositives[i - 1]!, truePositives[i]!];
    const [left, right] = [before + falsePositives[i - 1]!, tp + falsePositives[i]!];
    const slope = quotient(before - tp, Math.max(left - right, 0));
    const intercept = tp - slope * right;
    const ratio = left > 0 && right > 0 ? left / right : 1;
    area += quotient(slope * (before - tp + intercept * Math.log(ratio)), Math.max(total, 0));
  }
  return area;
}
