/**
 * Models, and what comes with them: examples of the page, and files of the user. Invariant: of several that are asked for, the last one
 * becomes the model, and one that cannot be read leaves the model that was there.
 */

import { announce, byId } from '../dom/dom.ts';
import { clearError, modelState, showError } from '../dom/messages.ts';
import type { InputPanel, Offered } from '../input/inputs.ts';
import type { ModelInfo, RequestOf } from '../protocol/index.ts';
import type { SamplesPanel } from '../samples/samples.ts';
import type { SettingsPanel } from '../settings/settings.ts';
import { CallEnded, type EngineClient } from '../state/client.ts';
import type { Explaining } from '../state/explaining.ts';
import { forget, keepFiles } from '../state/keep.ts';
import type { Example } from './examples.ts';
import { fetchBeside, fetchExample } from './fetching.ts';
import { holdsTexts, type KnownFile, pathOf, sortFiles } from './files.ts';
import { modelIn } from './folder.ts';
import type { LayerList } from './layers.ts';

export interface LoadingParts {
  readonly engine: EngineClient;
  readonly settings: SettingsPanel;
  readonly inputs: InputPanel;
  readonly explaining: Explaining;
  readonly samples: SamplesPanel;
  readonly layers: LayerList;
  /** The engine is awake and has said what it can do. */
  readonly awake: () => Promise<void>;
}

export class Loading {
  readonly #parts: LoadingParts;
  info: ModelInfo | null = null;
  /** The example that the model came with, if it did. */
  example: Example | null = null;
  #number = 0;
  /** Whether texts can be read: nothing but samples is left for a file of texts to be. */
  #hasWords = false;
  /** The user's files that the model and what belongs to it came from. */
  #own: readonly KnownFile[] = [];
  /** What fetches the files of an example. */
  #fetching = new AbortController();

  constructor(parts: LoadingParts) {
    this.#parts = parts;
  }

  /** New files are there: what ran for older ones ends. */
  #makeWay(forModel: boolean): void {
    this.#parts.explaining.makeWay();
    if (forModel) {
      this.#number++;
      this.#fetching.abort();
    }
    this.#parts.engine.makeWay(forModel);
  }

  /** Whether a model was asked for. */
  get begun(): boolean {
    return this.#number > 0;
  }

  /** Ends what runs: the last explanation and model stay. */
  stop(): void {
    this.#fetching.abort();
    this.#parts.engine.cancel();
  }

  async #load(request: RequestOf<'load'>, labels: readonly string[]): Promise<boolean> {
    const { engine, settings, awake } = this.#parts;
    const { name } = request;
    const number = this.#number;
    modelState(`Reading ${name} …`);
    try {
      const [found] = await Promise.all([engine.call('load', request), awake()]);
      if (number !== this.#number) return false;
      clearError();
      this.info = found;
      this.example = null;
      modelState(`${found.file}: model “${found.name}”, takes ${found.takes}`);
      this.#parts.layers.setModel(found);
      this.#parts.samples.clear();
      this.#hasWords = found.tokens === 'pieces' || found.tokens === 'own';
      settings.setModel(found, labels.length > 0 ? labels : found.labels);
      byId('result').hidden = true; // it was another model's
      byId('work').hidden = false;
      return true;
    } catch (error) {
      if (number === this.#number) this.#keep(error);
      return false;
    }
  }

  /** Why there is no other model. */
  #keep(error: unknown): void {
    const stopped = error instanceof CallEnded && error.kind === 'cancelled';
    const kept = this.info ? `Still ${this.info.file}: model “${this.info.name}”` : 'No model yet';
    modelState(stopped ? `Stopped. ${kept}` : kept);
    if (stopped) announce(`Stopped. ${kept}`, 0);
    showError(error);
    this.#parts.explaining.resume();
  }

  /** @param prepare puts in what was there before, once the example's model is the model and before it is explained */
  async loadExample(example: Example, prepare?: () => void): Promise<void> {
    const { engine, inputs, explaining } = this.#parts;
    this.#makeWay(true);
    const number = this.#number;
    this.#fetching = new AbortController();
    const { signal } = this.#fetching;
    modelState(`Loading ${example.model} …`);
    try {
      const { model, vocabulary, truncating = 'pre', texts, pictures = [], beside, rows } = example;
      const [modelFile, vocabularyFile, textFile, besideFiles, rowsFile, ...pictureFiles] = await Promise.all([
        fetchExample(model, signal),
        vocabulary ? fetchExample(vocabulary, signal) : null,
        texts ? fetchExample(texts, signal) : null,
        beside ? fetchBeside(beside, signal) : null,
        rows ? fetchExample(rows, signal) : null,
        ...pictures.map(({ file }) => fetchExample(file, signal)),
      ]);
      if (number !== this.#number) return;
      const request = { file: modelFile, name: model, ...(besideFiles && { beside: besideFiles }) };
      if (!(await this.#load(request, example.labels))) return;
      this.example = example;
      this.#own = [];
      void forget(); // what is shown is in the address
      if (vocabularyFile) {
        await engine.call('vocabulary', { file: vocabularyFile, name: vocabulary!, truncating });
        this.#hasWords = true;
      }
      const offered: Offered = {
        texts: textFile ? (await textFile.text()).split('\n').filter((line) => line.trim() !== '') : [],
        pictures: await Promise.all(
          pictures.map(async ({ name }, i) => {
            const { pixels } = await engine.call('picture', { file: pictureFiles[i]!, name, invert: false });
            return { name, pixels };
          }),
        ),
      };
      if (number !== this.#number) return;
      inputs.setModel(this.info!, offered);
      if (rowsFile) await this.#parts.samples.takeRows(new File([rowsFile], rows!), prepare !== undefined);
      if (number !== this.#number) return;
      prepare?.();
    } catch (error) {
      if (number === this.#number) this.#keep(error);
      return;
    }
    void explaining.explain();
  }

  /** @param prepare puts in what was there before, once the model is there and before it is explained */
  async takeFiles(files: readonly File[], prepare?: () => void): Promise<void> {
    const sorted = await sortFiles(files);
    let model: ReturnType<typeof modelIn>;
    try {
      model = modelIn(sorted);
      this.#makeWay(model !== null);
      if (model && !(await this.#takeModel(model))) return;
    } catch (error) {
      return showError(error);
    }
    // What a model of its own needs is taken with it.
    // Of a folder of a transformer that is kept, the samples beside it are no part.
    const alone = sorted.filter((entry) => (model?.beside ? entry.kind === 'rows' : this.#standsAlone(entry)));
    const taken: KnownFile[] = [];
    for (const entry of alone) {
      const texts = entry.kind === 'vocabulary' && /\.txt$/i.test(entry.file.name) && (await holdsTexts(entry.file));
      taken.push(texts ? { file: entry.file, kind: 'rows' } : entry);
    }
    const read: KnownFile[] = model ? sorted.filter((entry) => !alone.includes(entry)) : [];
    const pictures = taken.filter(({ kind }) => kind === 'picture');
    const several = this.info && pictures.length > 1 ? pictures : [];
    const ones = taken
      .filter(({ kind }) => kind !== 'sound')
      .filter((entry) => !several.includes(entry))
      .sort((a, b) => Number(a.kind === 'rows') - Number(b.kind === 'rows'));
    if (several.length > 0) {
      this.#parts.samples.takePictures(
        several.map(({ file }) => file),
        prepare !== undefined,
      );
      read.push(...several);
    }
    const sounds = taken.filter(({ kind }) => kind === 'sound');
    for (const entry of ones) {
      try {
        await this.#takeFile(entry.file, entry.kind, prepare !== undefined);
        if (entry.kind === 'vocabulary' || entry.kind === 'rows') read.push(entry);
      } catch (error) {
        showError(error);
        this.#parts.explaining.resume();
      }
    }
    if (sounds.length > 0) {
      try {
        await this.#takeSounds(
          sounds.map(({ file }) => file),
          prepare !== undefined,
        );
        read.push(...sounds);
      } catch (error) {
        showError(error);
        this.#parts.explaining.resume();
      }
    }
    this.#keepOwn(read, model !== null);
    prepare?.();
    this.#parts.samples.resume();
    if (model || prepare) void this.#parts.explaining.explain();
  }

  /** Whether a file is no part of a model. */
  #standsAlone({ kind }: KnownFile): boolean {
    return kind !== 'model' && !((kind === 'part' || kind === 'inner') && this.info);
  }

  /** Keeps what was read for a reload; a new vocabulary takes the place of the one before. */
  #keepOwn(read: readonly KnownFile[], isModel: boolean): void {
    if (read.length === 0) return;
    const isSamples = ({ kind }: KnownFile): boolean => kind === 'rows' || kind === 'picture' || kind === 'sound';
    const replaced = (kept: KnownFile): boolean =>
      isSamples(kept)
        ? read.some(isSamples)
        : kept.kind === 'vocabulary' && read.some(({ kind }) => kind === 'vocabulary');
    const own = isModel ? read : [...this.#own.filter((kept) => !replaced(kept)), ...read];
    // What an example brings is fetched again.
    this.#own = this.example ? own.filter(isSamples) : own;
    void keepFiles(this.#own.map(({ file }) => ({ file, path: pathOf(file) })));
  }

  async #takeModel(request: RequestOf<'load'>): Promise<boolean> {
    if (!(await this.#load(request, []))) return false;
    this.#parts.inputs.setModel(this.info!, { texts: [], pictures: [] });
    if (this.info!.tokens === 'words')
      modelState(`${byId('model-state').textContent}. Now drop its vocabulary (.txt or .json).`);
    return true;
  }

  /** One is the input, several are samples. */
  async #takeSounds(files: readonly File[], quiet: boolean): Promise<void> {
    const { engine, inputs, samples } = this.#parts;
    const [file, ...others] = files;
    if (!this.info) throw noModel(file!.name);
    if (others.length > 0) await samples.takeSounds(files, quiet);
    else {
      inputs.put(await engine.call('sound', { file: file!, name: file!.name }));
      announce(`${file!.name} opened`);
    }
    clearError();
  }

  async #takeFile(file: File, kind: string, quiet: boolean): Promise<void> {
    const { engine, inputs, explaining, samples } = this.#parts;
    if (kind === 'unknown' || kind === 'part' || kind === 'inner') {
      throw new Error(
        `${file.name}: is no file that this page can use\nhint: a model ends in .h5, .keras, .json (with its .bin files) or .onnx, or is a folder of transformers; a vocabulary ends in .txt or .json; pictures are PNG or JPEG; samples are .csv, .tsv, .ndjson, .json, .parquet, .npy or .npz; sounds are .wav`,
      );
    }
    if (!this.info) throw noModel(file.name);
    if (kind === 'rows') {
      if (/\.txt$/i.test(file.name) && !this.#hasWords)
        throw new Error(
          `${file.name}: holds texts, and there is no vocabulary yet\nhint: drop the vocabulary first: one token per line`,
        );
      await samples.takeRows(file, quiet);
      return clearError();
    }
    if (kind === 'vocabulary') {
      const { name, size } = await engine.call('vocabulary', { file, name: file.name });
      this.#hasWords = true;
      samples.again();
      modelState(`${this.info.file}: model “${this.info.name}”, vocabulary ${name} with ${size} tokens`);
    } else {
      const { pixels, notices } = await engine.call('picture', { file, name: file.name, invert: inputs.invert });
      inputs.setPicture(file.name, pixels, notices);
      announce(`${file.name} opened. ${notices.join('. ')}`);
    }
    clearError();
    void explaining.explain();
  }
}

const noModel = (name: string): Error =>
  new Error(`${name}: there is no model yet\nhint: drop a model first, or choose an example`);
