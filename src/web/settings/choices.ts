/** What the controls of part 3 offer. */
import type { QuadratureMethod } from '../../quadrature/index.ts';
import type { BaselineName, InputKind } from '../protocol/index.ts';

export const methods: Readonly<Record<QuadratureMethod, string>> = {
  gausslegendre: 'Gauss-Legendre',
  riemann_left: 'Riemann, left',
  riemann_right: 'Riemann, right',
  riemann_middle: 'Riemann, middle',
  riemann_trapezoid: 'Trapezoid',
};

export const baselines: Readonly<Record<InputKind, readonly (readonly [BaselineName, string])[]>> = {
  text: [
    ['pad', 'padding'],
    ['layer', 'zeros in place of word vectors'],
  ],
  image: [
    ['zeros', 'black'],
    ['white', 'white'],
    ['grey', 'grey'],
    ['noise', 'noise, mean of 10'],
    ['max', 'the picture farthest away'],
  ],
  numbers: [
    ['zeros', 'zeros'],
    ['noise', 'noise, mean of 10'],
  ],
  fields: [
    ['zeros', 'zeros'],
    ['noise', 'noise, mean of 10'],
  ],
};

/** What a model normalizes its numbers by is the middle of them, and usual where there is one. */
export const normalized = ['normal', 'the mean that the model normalizes by'] as const;

/** The method with a quadrature, which the page offers from the start. */
export const usualName = 'IntegratedGradients';

export const usualPlace = { value: 'usual', label: 'the one that is surest' };

export const stepCounts = ['10', '20', '50', '100', '200', '500'];

export const chosenIn = (control: HTMLSelectElement | HTMLInputElement): string =>
  control instanceof HTMLInputElement && control.type === 'checkbox' ? (control.checked ? 'yes' : '') : control.value;
