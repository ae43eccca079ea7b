/** The controls of part 3, and what they say as `Settings`. What cannot be chosen together cannot be chosen. */
import type { QuadratureMethod } from '../../quadrature/index.ts';
import { byId, fillSelect, write } from '../dom/dom.ts';
import type {
  BaselineName,
  Capabilities,
  InputKind,
  MethodInfo,
  ModelInfo,
  ResultView,
  Settings,
} from '../protocol/index.ts';
import type { Fields } from '../state/address.ts';
import { baselines, chosenIn, methods, normalized, stepCounts, usualName, usualPlace } from './choices.ts';

export class SettingsPanel {
  #info: ModelInfo | null = null;
  /** What the model's controls stand at before somebody chooses. */
  #usual: Fields = {};
  /** Those that the page knows of so far, the usual one first. */
  #methods: readonly MethodInfo[] = [];
  readonly #explainer = byId<HTMLSelectElement>('explainer');
  readonly #place = byId<HTMLSelectElement>('place');
  readonly #layer = byId<HTMLSelectElement>('layer');
  readonly #target = byId<HTMLSelectElement>('target');
  readonly #baseline = byId<HTMLSelectElement>('baseline');
  readonly #steps = byId<HTMLSelectElement>('steps');
  readonly #method = byId<HTMLSelectElement>('method');
  readonly #backend = byId<HTMLSelectElement>('backend');
  readonly #output = byId<HTMLSelectElement>('output');
  readonly #labels = byId<HTMLInputElement>('labels');
  readonly #softmax = byId<HTMLInputElement>('softmax');

  /** A layer that was chosen for a method that may come. */
  #wanted = '';
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    const counts = stepCounts.map((count) => ({ value: count, label: count }));
    fillSelect(this.#steps, [...counts, { value: 'auto', label: 'as many as needed' }], '50');
    fillSelect(
      this.#method,
      Object.entries(methods).map(([value, label]) => ({ value, label })),
      'gausslegendre',
    );
    for (const control of [
      this.#place,
      this.#layer,
      this.#target,
      this.#baseline,
      this.#steps,
      this.#method,
      this.#backend,
      this.#softmax,
    ])
      control.addEventListener('change', () => {
        // 'auto' chooses its own points.
        this.#method.disabled = this.#steps.value === 'auto';
        onChange();
      });
    this.#explainer.addEventListener('change', () => {
      this.#layer.value = ''; // a layer of neurons need not be one of places
      this.#describe();
      onChange();
    });
    for (const control of [this.#output, this.#labels])
      control.addEventListener('change', () => {
        this.#fillTargets();
        onChange();
      });
  }

  /** Offers the backends that this browser has. */
  setCapabilities({ threads, missing, usual }: Capabilities): void {
    if (this.#methods.length === 0) this.setMethods([usual]);
    const names: readonly (readonly [string, string])[] = [
      ['wasm', `WebAssembly, ${threads} thread${threads > 1 ? 's' : ''}`],
      ['reference', 'plain TypeScript (slow)'],
      ['gpu:webgpu', 'GPU, WebGPU'],
      ['gpu:webgl2', 'GPU, WebGL 2'],
      ['gpu:webasm', 'GPU.js on WebAssembly'],
    ];
    const options = names.map(([value, label]) => {
      const why = missing[value];
      return { value, label: why === undefined ? label : `${label}: ${why}`, disabled: why !== undefined };
    });
    fillSelect(this.#backend, options, this.#backend.value || 'wasm');
  }

  /** Offers these methods; the one that is chosen stays. */
  setMethods(methods: readonly MethodInfo[]): void {
    this.#methods = methods;
    fillSelect(
      this.#explainer,
      methods.map(({ name }) => ({ value: name, label: name })),
    );
    this.#describe();
  }

  /** What the method's numbers mean, and the controls that it has a use for. */
  #describe(): void {
    const method = this.#methods.find(({ name }) => name === this.#explainer.value);
    if (!method) return;
    const { says, sum, baselines, layer } = method;
    write('says', `${says}; the numbers ${sum === null ? 'need not add up' : `add up to ${sum}`}`);
    byId('baseline-row').hidden = !baselines;
    byId('layer-row').hidden = layer === null;
    if (layer !== null) this.#fillLayers(layer === 'chosen');
    for (const id of ['steps-row', 'method-row']) byId(id).hidden = method.name !== usualName;
  }

  /** @param own whether the method takes one itself where none is named */
  #fillLayers(own: boolean): void {
    const layers = (this.#info?.layers ?? []).map(({ path, className }) => ({
      value: path,
      label: `${path}: ${className}`,
    }));
    const options = own ? [{ value: '', label: 'the last convolution' }, ...layers] : layers;
    const known = options.some(({ value }) => value === this.#layer.value);
    // What goes into the last layer says most of what was found.
    const usual = known || own ? this.#layer.value : layers.at(-2)?.value;
    fillSelect(this.#layer, options, this.#wanted || usual);
    this.#wanted = '';
  }

  get method(): string {
    return this.#explainer.value;
  }

  /** Lets the method look at this layer. @returns false for one that takes none: then the next that takes one gets it */
  chooseLayer(path: string): boolean {
    const method = this.#methods.find(({ name }) => name === this.#explainer.value);
    if (!method?.layer) {
      this.#wanted = path;
      return false;
    }
    this.#layer.value = path;
    this.#onChange();
    return true;
  }

  setModel(info: ModelInfo, labels: readonly string[]): void {
    this.#info = info;
    this.#wanted = '';
    this.#usual = { labels: labels.join(', ') };
    this.#labels.value = labels.join(', ');
    this.#softmax.checked = false;
    const outputs = info.outputs.map(({ name }, i) => ({ value: String(i), label: name }));
    fillSelect(this.#output, outputs, '0');
    byId('output-row').hidden = info.outputs.length < 2;
    this.#target.value = '';
    this.#describe();
    this.#fillTargets();
    fillSelect(this.#place, [usualPlace]);
    byId('place-row').hidden = !info.places;
    this.#usual = { ...this.#usual, target: this.#target.value, output: this.#output.value };
  }

  /** Offers what the result has to choose from: the words of the text, and classes that are no fixed list. */
  setResult({ place, prediction, target }: ResultView): void {
    if (place) {
      const chosen = this.#place.value === usualPlace.value ? usualPlace.value : String(place.at);
      fillSelect(
        this.#place,
        [usualPlace, ...place.places.map(({ at, word }) => ({ value: String(at), label: word }))],
        chosen,
      );
    }
    if (this.#info?.outputs[Number(this.#output.value)]?.classes !== null) return;
    const chosen = this.#target.value === 'predicted' ? 'predicted' : String(target.index);
    const listed = prediction.map(({ index, label }) => ({ value: String(index), label }));
    fillSelect(this.#target, [{ value: 'predicted', label: 'the predicted one' }, ...listed], chosen);
  }

  /** Offers the baselines that make sense for this kind of input. */
  setKind(kind: InputKind): void {
    const normal = this.#info?.normal && (kind === 'numbers' || kind === 'fields') ? [normalized] : [];
    fillSelect(
      this.#baseline,
      (this.#info?.baselines ?? [...normal, ...baselines[kind]]).map(([value, label]) => ({ value, label })),
    );
    this.#usual = { ...this.#usual, baseline: this.#baseline.options[0]?.value ?? '' };
  }

  /** What is chosen, by the names of the controls; what is as it always is is left out. */
  fields(): Fields {
    const usual: Fields = {
      ...this.#usual,
      explainer: usualName,
      steps: '50',
      method: 'gausslegendre',
      backend: 'wasm',
    };
    const now = Object.entries(this.#controls()).map(([name, control]) => [name, chosenIn(control)] as const);
    const hidden = (name: string): boolean => document.getElementById(`${name}-row`)?.hidden === true;
    return Object.fromEntries(
      now.filter(([name, value]) => value !== '' && value !== (usual[name] ?? '') && !hidden(name)),
    );
  }

  /** Chooses what `fields` say where it can be chosen. Methods must have been set where another than the usual is among them. */
  restore(fields: Fields): void {
    const choose = (name: string, control: HTMLSelectElement | HTMLInputElement): void => {
      const value = fields[name];
      if (value === undefined) return;
      if (control instanceof HTMLSelectElement) {
        if ([...control.options].some((option) => option.value === value && !option.disabled)) control.value = value;
      } else if (control.type === 'checkbox') control.checked = value === 'yes';
      else control.value = value;
    };
    const { explainer, output, labels, ...rest } = this.#controls();
    choose('explainer', explainer);
    choose('output', output);
    choose('labels', labels);
    this.#describe();
    this.#fillTargets();
    for (const [name, control] of Object.entries(rest)) choose(name, control);
    this.#method.disabled = this.#steps.value === 'auto';
  }

  #controls() {
    return {
      explainer: this.#explainer,
      output: this.#output,
      labels: this.#labels,
      layer: this.#layer,
      target: this.#target,
      baseline: this.#baseline,
      steps: this.#steps,
      method: this.#method,
      backend: this.#backend,
      softmax: this.#softmax,
    };
  }

  read(): Settings {
    const steps = this.#steps.value;
    return {
      explainer: this.#explainer.value,
      place: /^\d+$/.test(this.#place.value) ? Number(this.#place.value) : null,
      layer: byId('layer-row').hidden || this.#layer.value === '' ? null : this.#layer.value,
      target: /^\d+$/.test(this.#target.value) ? Number(this.#target.value) : null,
      baseline: this.#baseline.value as BaselineName,
      method: this.#method.value as QuadratureMethod,
      steps: steps === 'auto' ? 'auto' : Number(steps),
      backend: this.#backend.value,
      output: Number(this.#output.value),
      softmax: this.#softmax.checked && !byId('softmax-row').hidden,
      labels: this.#classNames(),
    };
  }

  #classNames(): string[] {
    const text = this.#labels.value.trim();
    return text === '' ? [] : text.split(',').map((name) => name.trim());
  }

  #fillTargets(): void {
    const found = this.#info?.outputs[Number(this.#output.value)]?.classes;
    const classes = found === undefined ? 1 : (found ?? 0);
    const isNumber = this.#info?.outputs[Number(this.#output.value)]?.number === true;
    const names = this.#classNames();
    // Transformers are loaded so that they give probabilities.
    byId('softmax-row').hidden = classes < 2 || this.#info?.tokens === 'pieces';
    const single = [{ value: 'score', label: 'the score itself' }];
    const both = [
      { value: '1', label: `${names[1] ?? 'label 1'}: the score p` },
      { value: '0', label: `${names[0] ?? 'label 0'}: 1 − p` },
    ];
    const several = Array.from({ length: classes }, (_, i) => ({
      value: String(i),
      label: names[i] ? `${i}: ${names[i]}` : `class ${i}`,
    }));
    byId('labels-row').hidden = found === null;
    fillSelect(
      this.#target,
      classes === 1
        ? [...single, ...(isNumber ? [] : both)]
        : [{ value: 'predicted', label: 'the predicted one' }, ...several],
    );
  }
}
