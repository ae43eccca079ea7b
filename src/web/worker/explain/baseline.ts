/** What the page's baselines are for a model and an input. */
import type { Baselines } from '../../../attribution/index.ts';
import type { Model } from '../../../model/model.ts';
import { isTransformer, type Transformer, tokenizerOf } from '../../../open/model.ts';
import { tokenBaseline } from '../../../open/pieces.ts';
import { failure } from '../../../tensor/errors.ts';
import { tensor } from '../../../tensor/tensor.ts';
import type { BaselineName } from '../../protocol/index.ts';
import type { Sample, State } from '../state.ts';

export interface BaselineChoice {
  readonly baselines: Baselines;
  readonly name: string;
}

function otherTokens(model: Transformer, id: number): BaselineChoice {
  const { value, name } = tokenBaseline(model, id);
  return { baselines: value, name };
}

/** @throws PathgradError for a baseline that the model has no value for */
export async function baselineOf(name: BaselineName, state: State, sample: Sample): Promise<BaselineChoice> {
  const [black, white] = sample.image?.range ?? [0, 1];
  const fixed = (value: number, called: string) => ({ baselines: value, name: called });
  switch (name) {
    case 'pad':
      if (state.model && isTransformer(state.model)) {
        return otherTokens(state.model, tokenizerOf(state.model).padId);
      }
      return fixed(state.words?.vocabulary.pad ?? 0, 'padding');
    case 'mask': {
      const model = state.model && isTransformer(state.model) ? state.model : null;
      const id = model && tokenizerOf(model).maskId;
      if (!model || id === null) throw failure('baseline', 'the model knows no mask token', {}, 'choose padding');
      return otherTokens(model, id);
    }
    case 'normal': {
      const means = (await import('../tables.ts')).normalMeans(state.model as Model, sample.inputs);
      if (!means.some(Boolean)) throw failure('baseline', 'the model normalizes by no mean', {}, 'choose zeros');
      const baselines = means.map((mean, i) => mean && tensor(mean, sample.inputs[i]!.shape));
      return {
        baselines,
        name: `the mean that it normalizes by${means.every(Boolean) ? '' : '; zeros for other inputs'}`,
      };
    }
    case 'zeros':
      return fixed(black, sample.image ? 'black' : 'zeros');
    case 'white':
      return fixed(white, 'white');
    case 'grey':
      return fixed((black + white) / 2, 'grey');
    case 'max':
      return { baselines: { kind: 'max', low: black, high: white }, name: 'the picture farthest away' };
    case 'noise':
      return { baselines: { kind: 'noise', low: black, high: white, count: 10 }, name: 'noise, mean of 10' };
    case 'layer':
      return { baselines: { space: 'layer', value: 0 }, name: 'zeros in place of word vectors' };
  }
}
