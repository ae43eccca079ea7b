/** The layers of the model, to choose one from for a method that looks at a layer. */
import { byId, make, write } from './dom.ts';
import { showError } from './messages.ts';
import type { LayerView, MethodInfo, ModelInfo } from './protocol.ts';
import { type Roving, roving } from './roving.ts';
import type { SettingsPanel } from './settings.ts';

export interface LayerParts {
  readonly settings: SettingsPanel;
  /** All methods, fetched where they are not there yet. */
  readonly methods: () => Promise<readonly MethodInfo[]>;
}

export class LayerList {
  readonly #parts: LayerParts;
  readonly #list = byId('layers');
  readonly #details = byId<HTMLDetailsElement>('model-details');
  readonly #roving: Roving;
  #layers: readonly LayerView[] = [];
  #chosen: string | null = null;

  constructor(parts: LayerParts) {
    this.#parts = parts;
    this.#roving = roving(this.#list, 'button');
    this.#details.addEventListener('toggle', () => this.#fill());
  }

  setModel({ layers, summary }: ModelInfo): void {
    this.#layers = layers;
    this.#chosen = null;
    this.#list.replaceChildren();
    write('summary', summary);
    write('layer-said', '');
    this.#details.hidden = false;
    this.#fill();
  }

  /** Marks the layer that is looked at. */
  mark(path: string | null): void {
    this.#chosen = path;
    let chosen: Element | null = null;
    for (const button of this.#list.querySelectorAll('button')) {
      const is = button.dataset['layer'] === path;
      button.setAttribute('aria-pressed', String(is));
      if (is) chosen = button;
    }
    if (!this.#list.contains(document.activeElement)) this.#roving.update(chosen);
  }

  /** Large models have thousands: they are listed when they are looked at. */
  #fill(): void {
    if (!this.#details.open || this.#list.childElementCount > 0) return;
    this.#list.replaceChildren(
      ...this.#layers.map(({ path, className, depth, shape }) => {
        const name = make('b', {}, path);
        const facts = make('span', {}, `${className}${shape && ` ${shape}`}`);
        const button = make(
          'button',
          { type: 'button', class: 'layer', 'data-layer': path, 'aria-pressed': 'false' },
          name,
          ' ',
          facts,
        );
        button.addEventListener('click', () => void this.#choose(path).catch(showError));
        const item = make('li', {}, button);
        item.style.paddingInlineStart = `${Math.min(depth, 8) * 0.9}rem`;
        return item;
      }),
    );
    this.mark(this.#chosen);
    this.#roving.update();
  }

  async #choose(path: string): Promise<void> {
    const { settings, methods } = this.#parts;
    if (settings.chooseLayer(path)) {
      this.mark(path);
      write('layer-said', `${settings.method} looks at ${path}.`);
      return;
    }
    const taking = (await methods()).filter(({ layer }) => layer !== null).map(({ name }) => name);
    this.mark(null);
    write(
      'layer-said',
      `${settings.method} takes no layer. Choose one of these under Method, and it looks at ${path}: ${taking.join(', ')}.`,
    );
  }
}
