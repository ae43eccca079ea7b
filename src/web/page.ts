/**
 * The page: its parts, and what they say to each other. Nothing is sent anywhere: files go to the engine worker of this page.
 */

import { announce, byId, download, make } from './dom/dom.ts';
import { reading, showError } from './dom/messages.ts';
import { InputPanel } from './input/inputs.ts';
import { examples } from './model/examples.ts';
import { onDrop, placeIn } from './model/files.ts';
import { LayerList } from './model/layers.ts';
import { Loading } from './model/loading.ts';
import type { Explained, ExportFormat, InputData, MethodInfo } from './protocol/index.ts';
import { Beside } from './result/beside.ts';
import { showResult } from './result/result.ts';
import { Striking } from './result/striking.ts';
import { SamplesPanel } from './samples/samples.ts';
import { SettingsPanel } from './settings/settings.ts';
import { fieldsOf, setAddress } from './state/address.ts';
import { EngineClient } from './state/client.ts';
import { Explaining } from './state/explaining.ts';
import { type KeptFile, keepShown, kept } from './state/keep.ts';
import type { TuningPanel } from './tuning/panel.ts';

const engine = new EngineClient();
const settings = new SettingsPanel(() => {
  samples.settingsChanged();
  void explaining.explain();
});
const inputs = new InputPanel({
  onChange: () => {
    samples.edited();
    void explaining.explain();
  },
  onKind: (kind) => settings.setKind(kind),
  onPicture: (file) => void reading(() => loading.takeFiles([file])),
});
const explaining = new Explaining({
  engine,
  settings,
  inputs,
  hasModel: () => loading.info !== null,
  show,
  onResult: (result) => {
    const { picture, layer } = result;
    layers.mark(layer);
    samples.summing.offer(result);
    void tuning?.then((panel) => panel.update());
    for (const button of formatButtons()) button.disabled = button.dataset['format'] === 'png' && !picture;
    remember();
  },
});
const beside = new Beside({
  engine,
  show: (result) => {
    show(result, explained);
    remember();
  },
});
const samples = new SamplesPanel({ engine, inputs, settings, reading, onRow: () => remember() });
const striking = new Striking({
  inputs,
  beside,
  onChange: () => {
    samples.edited();
    void explaining.explain();
  },
});
/** Fetched when the panel is opened for the first time. */
let tuning: Promise<TuningPanel> | null = null;
const layers = new LayerList({ settings, methods: offerMethods, edges: () => engine.call('edges', {}) });
const loading = new Loading({ engine, settings, inputs, explaining, samples, layers, awake });

/** What the result on the screen is of. */
let explained: InputData | null = null;

function show(result: Explained, input: InputData | null): string {
  explained = input;
  const focus = striking.hasFocus;
  showResult(result, byId('shown'), striking.marks(result, input));
  striking.shown(focus);
  return beside.show(result);
}

let waking: Promise<void> | null = null;

/** The engine, fetched at the first sign of use: before a file is there to be read, and not by who only looks at the page. */
function awake(): Promise<void> {
  waking ??= engine.call('start', {}).then(
    (found) => settings.setCapabilities(found),
    (error) => {
      waking = null;
      throw error;
    },
  );
  return waking;
}

/** Keeps what is shown: in the address what others may see, in the browser's storage what is of this machine. */
function remember(): void {
  const fields = { ...inputs.fields(), ...settings.fields() };
  const { example } = loading;
  setAddress(example ? { example: example.id, ...fields } : {});
  const all = { ...fields, ...samples.fields(), ...(example && { of: example.id }) };
  void keepShown({ fields: all, drawing: inputs.drawing() ?? undefined, beside: beside.kept(explaining) });
}

/** Shows again what the address says, or what was there before a reload. */
async function restore(): Promise<void> {
  const { begun } = loading;
  const { example: id, ...fields } = fieldsOf(location.hash);
  const example = examples.find((each) => each.id === id);
  const before = await kept();
  const own = !example && before && before.files.length > 0;
  // Whoever chose something meanwhile wants that.
  if ((!example && !own) || loading.begun !== begun) return;
  const shown = example ? fields : before!.fields;
  if (shown['explainer']) await offerMethods();
  // A drawing is of this address only if nothing of it has changed since.
  const same = !example || before?.fields['picture'] === fields['picture'];
  const prepare = (): void => {
    settings.restore(shown);
    inputs.restore(shown, same ? before?.drawing : undefined);
    samples.restore(before?.fields ?? {});
    if (before?.beside && before.beside.file === loading.info?.file) explaining.keepFirst(before.beside.request);
  };
  const takeAgain = (files: readonly KeptFile[]): Promise<void> => {
    for (const { file, path } of files) placeIn(file, path);
    return loading.takeFiles(
      files.map(({ file }) => file),
      prepare,
    );
  };
  if (example) {
    await loading.loadExample(example, prepare);
    // Samples of the user that were opened beside the example.
    if (before?.fields['of'] !== example.id || before.files.length === 0 || loading.example !== example) return;
    return takeAgain(before.files);
  }
  await takeAgain(before!.files);
}

async function offerMethods(): Promise<readonly MethodInfo[]> {
  const methods = await engine.call('methods', {});
  settings.setMethods(methods);
  byId('more-methods').hidden = true;
  return methods;
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
  button.addEventListener('click', () => void reading(() => loading.loadExample(example)));
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
    await offerMethods();
    byId('explainer').focus();
    announce('More methods can be chosen', 0);
  } catch (error) {
    showError(error);
  }
});
byId('tuning').addEventListener('toggle', () => {
  tuning ??= import('./tuning/panel.ts').then(({ TuningPanel }) => {
    const retrained = (): void => {
      samples.again();
      void explaining.explain();
    };
    return new TuningPanel({ engine, inputs, settings, samples, info: () => loading.info, retrained });
  });
  tuning.then((panel) => panel.update()).catch(showError);
});
const chooser = byId<HTMLInputElement>('file');
chooser.addEventListener('change', () => {
  const files = [...(chooser.files ?? [])];
  chooser.value = ''; // so that the same file can be chosen again
  void reading(() => loading.takeFiles(files));
});
for (const id of ['cancel', 'stop']) byId(id).addEventListener('click', () => loading.stop());
onDrop((files) => void reading(() => loading.takeFiles(files)), showError);

const signs = ['pointermove', 'pointerdown', 'keydown', 'dragenter'] as const;
const wake = (): void => {
  for (const sign of signs) removeEventListener(sign, wake);
  awake().catch(showError);
};
for (const sign of signs) addEventListener(sign, wake);
addEventListener('hashchange', () => void reading(restore).catch(showError));
void reading(restore).catch(showError);
