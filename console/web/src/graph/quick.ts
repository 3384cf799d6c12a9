import type { Orientation } from "../state/preferences";
import type { Drawn } from "./fold";
import { HEIGHT, sizeOf } from "./measure";
import type { Course, Place, Placed } from "./placed";

/** Lines at one shape from which on Graphviz takes seconds, and shows no more than a grid does. */
const MANY_LINES = 400;
/** Shapes of one rank from which on they stand in several columns. */
const COLUMN = 40;
/** Pixels between two shapes, and between two ranks. */
const GAP = 14;
const RANK_GAP = 110;
/** How much wider than high a grid should look. */
const LOOK = 1.4;

/** Whether a step has so many neighbours that the quick layout is the better one. */
export function crowded({ lines }: Drawn): boolean {
  const degrees = new Map<string, number>();
  for (const line of lines)
    for (const id of [line.from, line.to]) degrees.set(id, (degrees.get(id) ?? 0) + 1);
  return Math.max(0, ...degrees.values()) > MANY_LINES;
}

/** A layout in ranks by the longest way from the start; what does not fit a column makes a grid. */
export function quickLayout(drawn: Drawn, orientation: Orientation): Placed {
  const flat = orientation === "horizontal";
  const sizes = new Map(drawn.shapes.map((shape) => [shape.id, sizeOf(shape)]));
  const places = new Map<string, Place>();
  let along = 0;
  const grids = ranked(drawn).map((ids) => {
    const width = Math.max(...ids.map((id) => sizes.get(id)?.width ?? 0));
    const cells = { along: (flat ? width : HEIGHT) + GAP, across: (flat ? HEIGHT : width) + GAP };
    const columns =
      ids.length <= COLUMN
        ? 1
        : Math.ceil(Math.sqrt((ids.length * cells.across) / (LOOK * cells.along)));
    const rows = Math.ceil(ids.length / columns);
    const grid = { ids, cells, columns, rows, along };
    along += columns * cells.along + RANK_GAP;
    return grid;
  });
  const across = Math.max(...grids.map((grid) => grid.rows * grid.cells.across));
  for (const { ids, cells, columns, rows, along } of grids) {
    const top = (across - rows * cells.across) / 2;
    for (const [i, id] of ids.entries()) {
      const a = along + ((i % columns) + 0.5) * cells.along;
      const b = top + (Math.floor(i / columns) + 0.5) * cells.across;
      const size = sizes.get(id) ?? { width: 0, height: 0 };
      places.set(id, { ...size, x: flat ? a : b, y: flat ? b : a });
    }
  }
  const courses = drawn.lines.flatMap((line) => course(line, places, flat));
  const length = along - RANK_GAP;
  return {
    width: flat ? length : across,
    height: flat ? across : length,
    places,
    courses,
  };
}

/** The shapes by rank, each rank in the order of the text. */
function ranked({ shapes, lines }: Drawn): string[][] {
  const after = new Map<string, string[]>();
  const open = new Map(shapes.map((shape) => [shape.id, 0]));
  for (const { from, to, back } of lines) {
    if (back) continue;
    push(after, from, to);
    open.set(to, (open.get(to) ?? 0) + 1);
  }
  const rank = new Map<string, number>();
  const ready = [...open].filter(([, count]) => count === 0).map(([id]) => id);
  for (const id of ready) {
    for (const to of after.get(id) ?? []) {
      rank.set(to, Math.max(rank.get(to) ?? 0, (rank.get(id) ?? 0) + 1));
      const left = (open.get(to) ?? 0) - 1;
      open.set(to, left);
      if (left === 0) ready.push(to);
    }
  }
  const ranks = new Map<number, string[]>();
  for (const { id } of shapes) push(ranks, rank.get(id) ?? 0, id);
  return [...ranks.entries()].sort(([a], [b]) => a - b).map(([, ids]) => ids);
}

function push<K>(lists: Map<K, string[]>, key: K, item: string): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

function course(
  { from, to }: { from: string; to: string },
  places: Map<string, Place>,
  flat: boolean,
): Course[] {
  const a = places.get(from);
  const b = places.get(to);
  if (!a || !b) return [];
  const begin: [number, number] = flat ? [a.x + a.width / 2, a.y] : [a.x, a.y + a.height / 2];
  const end: [number, number] = flat ? [b.x - b.width / 2, b.y] : [b.x, b.y - b.height / 2];
  const bend = RANK_GAP / 2;
  const points: [number, number][] = flat
    ? [begin, [begin[0] + bend, begin[1]], [end[0] - bend, end[1]], end]
    : [begin, [begin[0], begin[1] + bend], [end[0], end[1] - bend], end];
  return [{ from, to, points, label: null }];
}
