import type { Drawn, Shape } from "./fold";
import { framesOf } from "./frames";
import { labelOf } from "./measure";
import type { Place, Placed } from "./placed";
import { drawShape, type Parts, paint } from "./shape";
import { type Live, type Status, sameStatus, statusOf } from "./status";
import { curve, head, svg } from "./svg";

/** Pixels around the graph. */
export const MARGIN = 24;

interface Entry {
  shape: Shape;
  place: Place;
  parts: Parts;
  status: Status;
}

/** A graph in an <svg>: drawn once per layout, afterwards only what changed is touched. */
export class Drawing {
  readonly root: SVGSVGElement;
  width = 0;
  height = 0;
  private entries = new Map<string, Entry>();
  private drawn: Drawn | null = null;
  private placed: Placed | null = null;
  private marks = svg("path", { class: "lines marked" });
  private heads = svg("path", { class: "heads marked" });

  constructor(root: SVGSVGElement) {
    this.root = root;
  }

  /** Draw anew. */
  show(drawn: Drawn, placed: Placed, steps: ReadonlyMap<number, Live>): void {
    this.drawn = drawn;
    this.placed = placed;
    this.width = placed.width + 2 * MARGIN;
    this.height = placed.height + 2 * MARGIN;
    this.root.setAttribute("width", String(this.width));
    this.root.setAttribute("height", String(this.height));
    const all = svg("g", { transform: `translate(${MARGIN} ${MARGIN})` });
    all.append(...framesOf(drawn, placed), ...this.drawLines(drawn, placed));
    this.entries.clear();
    for (const shape of drawn.shapes) {
      const place = placed.places.get(shape.id);
      if (!place) continue;
      const parts = drawShape(shape, place);
      const status = statusOf(shape, steps);
      paint(parts, shape, status);
      this.entries.set(shape.id, { shape, place, parts, status });
      all.append(parts.group);
    }
    this.root.replaceChildren(all);
  }

  /** Show the states as they are now; gives how many shapes changed. */
  update(steps: ReadonlyMap<number, Live>): number {
    let changed = 0;
    for (const entry of this.entries.values()) {
      const status = statusOf(entry.shape, steps);
      if (sameStatus(status, entry.status)) continue;
      entry.status = status;
      paint(entry.parts, entry.shape, status);
      changed += 1;
    }
    return changed;
  }

  /** Mark one shape as selected or pointed at, with the lines that touch it. */
  mark(id: string | null, kind: "selected" | "pointed"): void {
    for (const old of this.root.querySelectorAll(`.${kind}`)) old.classList.remove(kind);
    const entry = id === null ? undefined : this.entries.get(id);
    entry?.parts.group.classList.add(kind);
    if (kind !== "selected") return;
    const courses = entry
      ? (this.placed?.courses ?? []).filter((one) => one.from === id || one.to === id)
      : [];
    this.marks.setAttribute("d", courses.map((one) => curve(one.points)).join(""));
    this.heads.setAttribute("d", courses.map((one) => head(one.points)).join(""));
  }

  shapeOf(step: number): string | null {
    return this.drawn?.shapeOf.get(step) ?? null;
  }

  shape(id: string): Shape | null {
    return this.entries.get(id)?.shape ?? null;
  }

  /** The middle of a shape, in pixels of the drawing. */
  placeOf(id: string): Place | null {
    const place = this.entries.get(id)?.place;
    return place ? { ...place, x: place.x + MARGIN, y: place.y + MARGIN } : null;
  }

  places(): [string, Place][] {
    return [...this.entries].map(([id, entry]) => [id, entry.place]);
  }

  /** What a shape says, for those who hear it. */
  sentence(id: string): string {
    const entry = this.entries.get(id);
    return entry ? `${labelOf(entry.shape)}: ${entry.status.text}` : "";
  }

  private drawLines(drawn: Drawn, placed: Placed): SVGElement[] {
    const back = new Set(drawn.lines.filter((l) => l.back).map((l) => `${l.from} ${l.to}`));
    const forth = placed.courses.filter((one) => !back.has(`${one.from} ${one.to}`));
    const backward = placed.courses.filter((one) => back.has(`${one.from} ${one.to}`));
    const d = (courses: Placed["courses"], of: typeof curve) =>
      courses.map((one) => of(one.points)).join("");
    const guards = new Map(drawn.lines.map((line) => [`${line.from} ${line.to}`, line.guard]));
    const labels = placed.courses.flatMap((one) => {
      const guard = guards.get(`${one.from} ${one.to}`);
      if (!guard || !one.label) return [];
      const [x, y] = one.label;
      const text = svg("text", { class: "guard", x, y: y + 4 }, guard.slice(0, 24));
      text.append(svg("title", {}, guard));
      return [text];
    });
    return [
      svg("path", { class: "lines", d: d(forth, curve) }),
      svg("path", { class: "lines back", d: d(backward, curve) }),
      svg("path", { class: "heads", d: d(placed.courses, head) }),
      this.marks,
      this.heads,
      ...labels,
    ];
  }
}
