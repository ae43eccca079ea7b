/** The model's graph: its layers in a list with the wires between them, to choose one from for a method that looks at a layer. */
import { byId, make, write } from '../dom/dom.ts';
import { showError } from '../dom/messages.ts';
import { type Roving, roving } from '../dom/roving.ts';
import type { LayerEdges, LayerView, MethodInfo, ModelInfo } from '../protocol/index.ts';
import type { SettingsPanel } from '../settings/settings.ts';
import { lanesIn, type Wires, wiresOf } from './wires.ts';

export interface LayerParts {
  readonly settings: SettingsPanel;
  /** All methods, fetched where they are not there yet. */
  readonly methods: () => Promise<readonly MethodInfo[]>;
  /** How the layers hang together; null where that is not known yet. */
  readonly edges: () => Promise<readonly LayerEdges[] | null>;
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
    // It scrolls sideways on a narrow screen, and then with arrow keys, too.
    const summary = byId('summary');
    summary.tabIndex = 0;
    summary.setAttribute('role', 'region');
    summary.setAttribute('aria-label', 'The layers as a table');
  }

  setModel({ layers, summary }: ModelInfo): void {
    this.#layers = layers;
    this.#chosen = null;
    this.#list.replaceChildren();
    this.#list.classList.remove('wired');
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
        button.style.marginInlineStart = `${Math.min(depth, 8) * 0.9}rem`;
        return item;
      }),
    );
    this.mark(this.#chosen);
    this.#roving.update();
    void this.#wire().catch(showError);
  }

  /** Draws the wires into the list, once the engine has said where they go. */
  async #wire(): Promise<void> {
    const layers = this.#layers;
    const edges = await this.#parts.edges();
    const items = [...this.#list.children];
    if (!edges || layers !== this.#layers || items.length !== layers.length) return;
    const wires = wiresOf(
      layers.map(({ path }) => path),
      edges,
    );
    const lanes = lanesIn(wires);
    for (const [i, item] of items.entries()) {
      item.prepend(drawn(wires[i]!, lanes));
      (item as HTMLElement).style.paddingInlineStart = `${widthOf(lanes)}px`;
      const { from } = wires[i]!;
      if (from.length > 0)
        item.querySelector('button')!.append(make('small', {}, ` from ${from.map(nameOf).join(', ')}`));
    }
    this.#list.classList.add('wired');
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

const nameOf = (path: string): string => path.split('/').at(-1)!;

const SVG = 'http://www.w3.org/2000/svg';
/** Pixels between lanes, and from the edge to the dots. */
const [LANE, EDGE] = [10, 7] as const;

const widthOf = (lanes: number): number => 2 * EDGE + LANE * lanes;

/** The wires of one row, as high as the row is: whoever cannot see them reads where they come from. */
function drawn({ above, below, lanes }: Wires, most: number): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  const dot = EDGE + LANE * most;
  svg.setAttribute('width', String(widthOf(most)));
  svg.setAttribute('aria-hidden', 'true');
  const line = (x1: number, y1: string, x2: number, y2: string): void => {
    const made = document.createElementNS(SVG, 'line');
    for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) made.setAttribute(name, String(value));
    svg.append(made);
  };
  if (above) line(dot, '0', dot, '50%');
  if (below) line(dot, '50%', dot, '100%');
  for (const { lane, part } of lanes) {
    const x = dot - LANE * (lane + 1);
    if (part === 'passes') line(x, '0', x, '100%');
    if (part === 'begins') line(dot, '50%', x, '100%');
    if (part === 'ends') line(x, '0', dot, '50%');
  }
  const circle = document.createElementNS(SVG, 'circle');
  for (const [name, value] of Object.entries({ cx: dot, cy: '50%', r: 3.5 })) circle.setAttribute(name, String(value));
  svg.append(circle);
  return svg;
}
