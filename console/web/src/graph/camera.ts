import { fitted, revealed, type View, zoomed } from "./viewport";

/** Below these scales labels could not be read, and not even large glyphs: they are not drawn. */
const FAR = 0.38;
const FARTHEST = 0.14;
/** Pixels a pointer may move and still have clicked. */
const CLICK = 4;
/** Ms without a move after which the picture is drawn sharply again. */
const STILL_MS = 140;

/** Moves a drawing within its pane, by pointer, wheel and pinch; the compositor does the work. */
export class Camera {
  view: View = { x: 0, y: 0, scale: 1 };
  /** Whether the last press of a pointer became a move, so that its click is none. */
  moved = false;
  private pane: HTMLElement;
  private drawing: SVGSVGElement;
  private size = { width: 1, height: 1 };
  private pointers = new Map<number, { x: number; y: number }>();
  private still: ReturnType<typeof setTimeout> | undefined;
  private travelled = 0;
  private control = new AbortController();

  constructor(pane: HTMLElement, drawing: SVGSVGElement) {
    this.pane = pane;
    this.drawing = drawing;
    const { signal } = this.control;
    pane.addEventListener("pointerdown", (event) => this.press(event), { signal });
    pane.addEventListener("pointermove", (event) => this.move(event), { signal });
    for (const name of ["pointerup", "pointercancel"] as const)
      pane.addEventListener(name, (event) => this.pointers.delete(event.pointerId), { signal });
    pane.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
  }

  close(): void {
    this.control.abort();
    clearTimeout(this.still);
  }

  fit(drawing: { width: number; height: number }): void {
    this.size = drawing;
    this.look(fitted(drawing, this.room()));
  }

  refit(): void {
    this.fit(this.size);
  }

  zoom(factor: number): void {
    const { width, height } = this.room();
    this.look(zoomed(this.view, factor, width / 2, height / 2));
  }

  reveal(point: { x: number; y: number }): void {
    this.look(revealed(this.view, point, this.room()));
  }

  private look(view: View): void {
    this.view = view;
    const { style } = this.drawing;
    style.willChange = "transform";
    style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
    this.pane.classList.toggle("far", view.scale < FAR);
    this.pane.classList.toggle("farthest", view.scale < FARTHEST);
    clearTimeout(this.still);
    this.still = setTimeout(() => {
      style.willChange = "auto";
    }, STILL_MS);
  }

  private room(): { width: number; height: number } {
    return { width: this.pane.clientWidth || 1, height: this.pane.clientHeight || 1 };
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pointers.size === 1) {
      this.moved = false;
      this.travelled = 0;
    }
  }

  private move(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    const here = { x: event.clientX, y: event.clientY };
    this.pointers.set(event.pointerId, here);
    const [dx, dy] = [here.x - before.x, here.y - before.y];
    this.travelled += Math.abs(dx) + Math.abs(dy);
    if (this.travelled < CLICK) return;
    if (!this.moved) this.pane.setPointerCapture(event.pointerId);
    this.moved = true;
    if (other) this.pinch(before, here, other);
    else this.look({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
  }

  private pinch(before: Point, here: Point, other: Point): void {
    const box = this.pane.getBoundingClientRect();
    const factor = apart(here, other) / Math.max(1, apart(before, other));
    const x = (here.x + other.x) / 2 - box.left;
    const y = (here.y + other.y) / 2 - box.top;
    this.look(zoomed(this.view, factor, x, y));
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const box = this.pane.getBoundingClientRect();
    const pixels = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
    const factor = Math.exp(-Math.max(-200, Math.min(200, pixels)) / 400);
    this.look(zoomed(this.view, factor, event.clientX - box.left, event.clientY - box.top));
  }
}

interface Point {
  x: number;
  y: number;
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
