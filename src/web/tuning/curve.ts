/** The loss of a training as a curve that grows while it runs. */
import type { TunePoint } from '../protocol/index.ts';

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [640, 220, 62, 26, 12] as const;

function part(tag: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.textContent = text;
  return element;
}

export const shown = (value: number): string => String(Number(value.toPrecision(3)));

/** A picture of the points so far, on a scale of all epochs that were asked for. */
export function curveOf(points: readonly TunePoint[], epochs: number): SVGElement {
  const most = Math.max(...points.map(({ loss }) => loss), 1e-12);
  const x = (epoch: number): number => LEFT + ((WIDTH - LEFT - 8) * epoch) / epochs;
  const y = (loss: number): number => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * loss) / most;
  const last = points.at(-1);
  const said = last ? `Loss: ${shown(points[0]!.loss)} at first, ${shown(last.loss)} now` : 'No loss yet';
  const svg = part('svg', { class: 'curve', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': said });
  svg.append(
    part('line', { x1: LEFT, y1: y(0), x2: WIDTH - 8, y2: y(0) }),
    part('line', { x1: LEFT, y1: TOP, x2: LEFT, y2: y(0) }),
    part('text', { x: LEFT - 6, y: TOP + 10, 'text-anchor': 'end' }, shown(most)),
    part('text', { x: LEFT - 6, y: y(0), 'text-anchor': 'end' }, '0'),
    part('text', { x: LEFT - 6, y: (TOP + y(0)) / 2, 'text-anchor': 'end' }, 'loss'),
    part('text', { x: LEFT, y: HEIGHT - 6 }, 'epoch 0'),
    part('text', { x: WIDTH - 8, y: HEIGHT - 6, 'text-anchor': 'end' }, String(epochs)),
  );
  const places = points.map(({ epoch, loss }) => `${x(epoch).toFixed(1)} ${y(loss).toFixed(1)}`);
  if (places.length > 0) svg.append(part('path', { d: `M${places.join('L')}${places.length === 1 ? 'h2' : ''}` }));
  return svg;
}
