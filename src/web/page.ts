/**
 * The page: loads models and examples, keeps the explanation in step with input and settings, and shows what goes wrong.
 * Nothing is sent anywhere: files go to the engine worker of this page.
 */
import { CallEnded, EngineClient } from './client.ts';
import { announce, byId, download, make, write } from './dom.ts';
import { type Example, examples } from './examples.ts';
import { onDrop, sortFiles } from './files.ts';
import { modelIn } from './folder.ts';
import { InputPanel, type Offered } from './inputs.ts';
import type { ExportFormat, ModelInfo, RequestOf, TransformerParts } from './protocol.ts';
import { showResult, spoken } from './result.ts';
import { SettingsPanel } from './settings.ts';

/** Work shorter than this shows no bar: it would only flicker. */
const BAR_AFTER_MS = 200;

const engine = new EngineClient();
const settings = new SettingsPanel(() => void explain());
const inputs = new InputPanel({
  onChange: () => void explain(),
  onKind: (kind) => settings.setKind(kind),
  onPicture: (file) => void reading(() => takeFiles([file])),
});
let info: ModelInfo | null = null;
/** Counts loads and explanations, so that an answer that came too late is known as one. */
let loading = 0;
let asked = 0;
/** Whether an explanation runs, and whether one was ended for a file that then gave nothing to explain. */
let explaining = false;
let interrupted = false;
/** Reading of files that is under way, and what fetches those of an example. */
let reads = 0;
let fetching = new AbortController();

function showError(error: unknown): void {
  if (error instanceof CallEnded && error.kind !== 'failure') return;
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split('\n').map((line) =>
    make(
      'p',
      {},
      line.replace(/^hint: (.)/, (_, c: string) => c.toUpperCase()),
    ),
  );
  const box = byId('error');
  box.replaceChildren(...lines);
  box.hidden = false;
  box.scrollIntoView({ block: 'nearest' });
}

function clearError(): void {
  byId('error').hidden = true;
  byId('error').replaceChildren();
}

function modelState(text: string): void {
  byId('model-state').hidden = false;
  write('model-state', text);
}

async function explain(): Promise<void> {
  const number = ++asked;
  interrupted = false;
  const input = info && inputs.read();
  if (!input) {
    endExplaining();
    byId('result').hidden = true;
    hint('Give the model an input above.');
    return;
  }
  explaining = true;
  const bar = setTimeout(() => number === asked && busy(true), BAR_AFTER_MS);
  const onProgress = (share: number): void => {
    if (number === asked) byId<HTMLProgressElement>('progress').value = share;
  };
  try {
    const view = await engine.call('explain', { input, settings: settings.read() }, onProgress);
    if (number !== asked) return;
    clearError();
    hint('');
    showResult(view);
    settings.setResult(view);
    for (const button of formatButtons()) button.disabled = button.dataset['format'] === 'png' && !view.picture;
    announce(spoken(view));
  } catch (error) {
    if (number !== asked || (error instanceof CallEnded && error.kind === 'superseded')) return;
    byId('result').hidden = true;
    const stopped = error instanceof CallEnded && error.kind === 'cancelled';
    hint(
      stopped
        ? 'Stopped. Change the input or a setting to explain again.'
        : 'There is no explanation: see the message above.',
    );
    if (stopped) announce('Stopped', 0);
    showError(error);
  } finally {
    clearTimeout(bar);
    if (number === asked) endExplaining();
  }
}

function endExplaining(): void {
  explaining = false;
  busy(false);
}

/** Explains after all what was given up for files that were not read. */
function resume(): void {
  if (info && interrupted) void explain();
}

function busy(on: boolean): void {
  byId('busy').classList.toggle('on', on);
  byId<HTMLButtonElement>('cancel').disabled = !on;
  byId('result').setAttribute('aria-busy', String(on));
  byId<HTMLProgressElement>('progress').value = 0;
}

function hint(text: string): void {
  write('hint', text);
  byId('hint').hidden = text === '';
}

/** Shows that files are read, with a button that stops it, while `work` lasts. */
async function reading<T>(work: () => Promise<T>): Promise<T> {
  const show = (): void => {
    byId('reading').hidden = reads === 0;
  };
  reads++;
  setTimeout(show, BAR_AFTER_MS);
  try {
    return await work();
  } finally {
    reads--;
    show();
  }
}

/** New files are there: what ran for older ones ends. */
function makeWay(forModel: boolean): void {
  asked++;
  interrupted ||= explaining;
  endExplaining();
  if (forModel) {
    loading++;
    fetching.abort();
  }
  engine.makeWay(forModel);
}

/** Ends what runs: the last explanation and model stay. */
function stop(): void {
  fetching.abort();
  engine.cancel();
}

async function loadModel(request: RequestOf<'load'>, labels: readonly string[]): Promise<boolean> {
  const { name } = request;
  const number = loading;
  modelState(`Reading ${name} …`);
  try {
    const found = await engine.call('load', request);
    if (number !== loading) return false;
    clearError();
    info = found;
    modelState(`${found.file}: model “${found.name}”, takes ${found.takes}`);
    write('summary', found.summary);
    byId('model-details').hidden = false;
    settings.setModel(found, labels.length > 0 ? labels : found.labels);
    byId('result').hidden = true; // it was another model's
    byId('work').hidden = false;
    return true;
  } catch (error) {
    if (number !== loading) return false;
    keepModel(error);
    return false;
  }
}

/** Why there is no other model. */
function keepModel(error: unknown): void {
  const stopped = error instanceof CallEnded && error.kind === 'cancelled';
  const kept = info ? `Still ${info.file}: model “${info.name}”` : 'No model yet';
  modelState(stopped ? `Stopped. ${kept}` : kept);
  if (stopped) announce(`Stopped. ${kept}`, 0);
  showError(error);
  resume();
}

async function loadExample(example: Example): Promise<void> {
  makeWay(true);
  const number = loading;
  fetching = new AbortController();
  const { signal } = fetching;
  modelState(`Loading ${example.model} …`);
  try {
    const { model, vocabulary, truncating = 'pre', texts, pictures = [], beside } = example;
    const [modelFile, vocabularyFile, textFile, besideFiles, ...pictureFiles] = await Promise.all([
      fetchExample(model, signal),
      vocabulary ? fetchExample(vocabulary, signal) : null,
      texts ? fetchExample(texts, signal) : null,
      beside ? fetchBeside(beside, signal) : null,
      ...pictures.map(({ file }) => fetchExample(file, signal)),
    ]);
    if (number !== loading) return;
    const request = { file: modelFile, name: model, ...(besideFiles && { beside: besideFiles }) };
    if (!(await loadModel(request, example.labels))) return;
    if (vocabularyFile) await engine.call('vocabulary', { file: vocabularyFile, name: vocabulary!, truncating });
    const offered: Offered = {
      texts: textFile ? (await textFile.text()).split('\n').filter((line) => line.trim() !== '') : [],
      pictures: await Promise.all(
        pictures.map(async ({ name }, i) => {
          const { pixels } = await engine.call('picture', { file: pictureFiles[i]!, name, invert: false });
          return { name, pixels };
        }),
      ),
    };
    if (number === loading) inputs.setModel(info!, offered);
  } catch (error) {
    if (number === loading) keepModel(error);
    return;
  }
  void explain();
}

async function fetchBeside(files: NonNullable<Example['beside']>, signal: AbortSignal): Promise<TransformerParts> {
  const [config, tokenizer, tokenizerConfig] = await Promise.all(
    [files.config, files.tokenizer, files.tokenizerConfig].map((file) => fetchExample(file, signal)),
  );
  return { config: config!, tokenizer: tokenizer!, tokenizerConfig: tokenizerConfig! };
}

async function fetchExample(file: string, signal: AbortSignal): Promise<Blob> {
  try {
    const response = await fetch(new URL(`examples/${file}`, import.meta.url), { signal });
    if (response.ok) return await response.blob();
    const hint = 'build the page anew: npm run web';
    throw new Error(`${file}: cannot be fetched (status ${response.status})\nhint: ${hint}`);
  } catch (error) {
    if (signal.aborted) throw new CallEnded({ kind: 'cancelled', message: 'stopped' });
    throw error instanceof TypeError ? new Error(`${file}: cannot be fetched (${String(error)})`) : error;
  }
}

async function takeFiles(files: readonly File[]): Promise<void> {
  const sorted = await sortFiles(files);
  try {
    const model = modelIn(sorted);
    makeWay(model !== null);
    if (model) {
      if (!(await takeModel(model))) return;
      // What a model of its own needs is taken with it.
      if (model.beside) return;
    }
  } catch (error) {
    return showError(error);
  }
  const taken = sorted.filter(({ kind }) => kind !== 'model' && !((kind === 'part' || kind === 'inner') && info));
  for (const { file, kind } of taken) {
    try {
      await takeFile(file, kind);
    } catch (error) {
      showError(error);
      resume();
    }
  }
}

async function takeModel(request: RequestOf<'load'>): Promise<boolean> {
  if (!(await loadModel(request, []))) return false;
  inputs.setModel(info!, { texts: [], pictures: [] });
  if (info!.tokens === 'words')
    modelState(`${byId('model-state').textContent}. Now drop its vocabulary (.txt or .json).`);
  void explain();
  return true;
}

async function takeFile(file: File, kind: string): Promise<void> {
  if (kind === 'unknown' || kind === 'part' || kind === 'inner') {
    throw new Error(
      `${file.name}: is no file that this page can use\nhint: a model ends in .h5, .keras, .json (with its .bin files) or .onnx, or is a folder of transformers; a vocabulary ends in .txt or .json; pictures are PNG or JPEG`,
    );
  }
  if (!info) throw new Error(`${file.name}: there is no model yet\nhint: drop a model first, or choose an example`);
  if (kind === 'vocabulary') {
    const { name, size } = await engine.call('vocabulary', { file, name: file.name });
    modelState(`${info.file}: model “${info.name}”, vocabulary ${name} with ${size} tokens`);
  } else {
    const { pixels, notices } = await engine.call('picture', { file, name: file.name, invert: inputs.invert });
    inputs.setPicture(file.name, pixels, notices);
    announce(`${file.name} opened. ${notices.join('. ')}`);
  }
  clearError();
  void explain();
}

function formatButtons(): HTMLButtonElement[] {
  return [...document.querySelectorAll<HTMLButtonElement>('button[data-format]')];
}

byId('unserved').remove();
for (const example of examples) {
  const button = make(
    'button',
    { type: 'button', 'data-example': example.id },
    make('b', {}, example.title),
    ` ${example.about}`,
  );
  button.addEventListener('click', () => void reading(() => loadExample(example)));
  byId('examples').append(button);
}
for (const button of formatButtons()) {
  button.addEventListener('click', async () => {
    try {
      const { name, file } = await engine.call('export', { format: button.dataset['format'] as ExportFormat });
      download(name, file);
      announce(`${name} saved`, 0);
    } catch (error) {
      showError(error);
    }
  });
}
byId('more-methods').addEventListener('click', async () => {
  try {
    settings.setMethods(await engine.call('methods', {}));
    byId('more-methods').hidden = true;
    byId('explainer').focus();
    announce('More methods can be chosen', 0);
  } catch (error) {
    showError(error);
  }
});
const chooser = byId<HTMLInputElement>('file');
chooser.addEventListener('change', () => {
  const files = [...(chooser.files ?? [])];
  chooser.value = ''; // so that the same file can be chosen again
  void reading(() => takeFiles(files));
});
for (const id of ['cancel', 'stop']) byId(id).addEventListener('click', stop);
onDrop((files) => void reading(() => takeFiles(files)), showError);

// The engine is fetched at the first sign of use: before a file is there to be read, and not by who only looks at the page.
const signs = ['pointermove', 'pointerdown', 'keydown', 'dragenter'] as const;
const wake = (): void => {
  for (const sign of signs) removeEventListener(sign, wake);
  engine.call('start', {}).then((found) => settings.setCapabilities(found), showError);
};
for (const sign of signs) addEventListener(sign, wake);
chooser.addEventListener('change', wake, { once: true });
