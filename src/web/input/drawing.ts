/**
 * Drawing a picture of the model's own size: white ink on black, with mouse, finger, pen or keyboard. The pixels are the
 * picture that the model gets, not a copy that is scaled down later. A colour picture or a large one is shown, not drawn on.
 */
import type { Pixels } from '../protocol/index.ts';

/** Side of the canvas on the screen, at most. */
const SIDE = 308;
/** Pictures up to this side can be drawn on. */
const LARGEST = 64;
/** Radius of the pen for a side of 28 pixels: about the width of MNIST's strokes. */
const PEN = 1.15;

export interface DrawingEvents {
  readonly onChange: (pixels: Pixels) => void;
  /** Says where the cursor is, for a screen reader. */
  readonly onCursor: (text: string) => void;
}

export class Drawing {
  readonly #canvas: HTMLCanvasElement;
  readonly #events: DrawingEvents;
  #pixels: Pixels = blank(28, 28, 1);
  #zoom = 11;
  #cursor = { x: 14, y: 14 };
  #penDown = false;
  #last: { x: number; y: number } | null = null;
  /** Whether the pen takes ink away. */
  erase = false;

  constructor(canvas: HTMLCanvasElement, events: DrawingEvents) {
    this.#canvas = canvas;
    this.#events = events;
    canvas.addEventListener('pointerdown', (event) => this.#pointer(event, true));
    canvas.addEventListener('pointermove', (event) => {
      if (this.#last) for (const point of event.getCoalescedEvents?.() ?? [event]) this.#pointer(point, false);
    });
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture'])
      canvas.addEventListener(end, () => {
        this.#last = null;
      });
    canvas.addEventListener('keydown', (event) => this.#key(event));
    for (const name of ['focus', 'blur']) canvas.addEventListener(name, () => this.#paint());
  }

  get pixels(): Pixels {
    return this.#pixels;
  }

  get canDraw(): boolean {
    const { height, width, channels } = this.#pixels;
    return channels === 1 && Math.max(height, width) <= LARGEST;
  }

  get isEmpty(): boolean {
    return this.#pixels.data.every((value) => value === 0);
  }

  /** Shows a picture; `onChange` is called unless it is only prepared. */
  set(pixels: Pixels, quiet = false): void {
    this.#pixels = { ...pixels, data: Float64Array.from(pixels.data) };
    const { height, width } = pixels;
    this.#zoom = Math.max(1, Math.floor(SIDE / Math.max(height, width)));
    this.#canvas.width = width * this.#zoom;
    this.#canvas.height = height * this.#zoom;
    this.#cursor = { x: width >> 1, y: height >> 1 };
    this.#canvas.classList.toggle('fixed', !this.canDraw);
    this.#paint();
    if (!quiet) this.#events.onChange(this.#pixels);
  }

  /** Nothing but black, of a size. */
  clear({ height, width, channels }: Omit<Pixels, 'data'> = this.#pixels, quiet = false): void {
    this.set(blank(height, width, channels), quiet);
  }

  /** Moves the ink so that its centre of mass is in the middle, as MNIST's digits are. */
  centre(): void {
    const { height, width, data } = this.#pixels;
    let [mass, mx, my] = [0, 0, 0];
    data.forEach((value, at) => {
      mass += value;
      mx += value * (at % width);
      my += value * Math.floor(at / width);
    });
    if (mass === 0) return;
    const dx = Math.round((width - 1) / 2 - mx / mass);
    const dy = Math.round((height - 1) / 2 - my / mass);
    const moved = blank(height, width, 1);
    data.forEach((value, at) => {
      const [x, y] = [(at % width) + dx, Math.floor(at / width) + dy];
      if (x >= 0 && y >= 0 && x < width && y < height) moved.data[y * width + x] = value;
    });
    this.set(moved);
  }

  #pointer(event: PointerEvent, start: boolean): void {
    if (!this.canDraw || (start && event.button !== 0)) return;
    if (start) {
      event.preventDefault();
      this.#canvas.focus({ preventScroll: true });
      this.#canvas.setPointerCapture(event.pointerId);
    }
    const box = this.#canvas.getBoundingClientRect();
    const { width, height } = this.#pixels;
    const x = ((event.clientX - box.left) / box.width) * width - 0.5;
    const y = ((event.clientY - box.top) / box.height) * height - 0.5;
    this.#stroke(this.#last ?? { x, y }, { x, y });
    this.#last = { x, y };
  }

  /** Ink along a line: full within the radius, fading over one pixel, as if drawn finely and averaged. */
  #stroke(from: { x: number; y: number }, to: { x: number; y: number }): void {
    const { width, height, data } = this.#pixels;
    const radius = (PEN * Math.max(width, height)) / 28;
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    const steps = Math.max(1, Math.ceil(length * 3));
    for (let step = 0; step <= steps; step++) {
      const [cx, cy] = [from.x + ((to.x - from.x) * step) / steps, from.y + ((to.y - from.y) * step) / steps];
      const reach = Math.ceil(radius + 1);
      for (let y = Math.max(0, Math.round(cy) - reach); y <= Math.min(height - 1, Math.round(cy) + reach); y++) {
        for (let x = Math.max(0, Math.round(cx) - reach); x <= Math.min(width - 1, Math.round(cx) + reach); x++) {
          const ink = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(x - cx, y - cy)));
          const at = y * width + x;
          data[at] = this.erase ? Math.min(data[at]!, 1 - ink) : Math.max(data[at]!, ink);
        }
      }
    }
    this.#paint();
    this.#events.onChange(this.#pixels);
  }

  #key(event: KeyboardEvent): void {
    if (!this.canDraw || event.ctrlKey || event.metaKey || event.altKey) return;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const move = moves[event.key];
    const before = { ...this.#cursor };
    if (move) {
      const { width, height } = this.#pixels;
      this.#cursor.x = Math.max(0, Math.min(width - 1, before.x + move[0]));
      this.#cursor.y = Math.max(0, Math.min(height - 1, before.y + move[1]));
      if (this.#penDown) this.#stroke(before, this.#cursor);
    } else if (event.key === ' ') {
      this.#penDown = !this.#penDown;
      if (this.#penDown) this.#stroke(before, before);
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      this.#penDown = false;
      this.clear();
    } else return;
    event.preventDefault();
    this.#paint();
    const pen = this.#penDown ? 'pen down' : 'pen up';
    this.#events.onCursor(`row ${this.#cursor.y + 1}, column ${this.#cursor.x + 1}, ${pen}`);
  }

  #paint(): void {
    const context = this.#canvas.getContext('2d')!;
    const { width, height, channels, data } = this.#pixels;
    const image = new ImageData(width, height);
    for (let at = 0; at < width * height; at++) {
      for (let c = 0; c < 3; c++)
        image.data[4 * at + c] = Math.round(255 * data[at * channels + (channels === 3 ? c : 0)]!);
      image.data[4 * at + 3] = 255;
    }
    putMagnified(context, image, this.#zoom);
    if (document.activeElement !== this.#canvas || !this.canDraw) return;
    const { x, y } = this.#cursor;
    context.strokeStyle = this.#penDown ? '#ffd24a' : '#7fb2ff';
    context.lineWidth = 2;
    context.strokeRect(x * this.#zoom + 1, y * this.#zoom + 1, this.#zoom - 2, this.#zoom - 2);
  }
}

export function blank(height: number, width: number, channels: number): Pixels {
  return { height, width, channels, data: new Float64Array(height * width * channels) };
}

/** Draws pixels as whole squares. */
export function putMagnified(context: CanvasRenderingContext2D, image: ImageData, zoom: number): void {
  const small = new OffscreenCanvas(image.width, image.height);
  small.getContext('2d')!.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, image.width * zoom, image.height * zoom);
}
