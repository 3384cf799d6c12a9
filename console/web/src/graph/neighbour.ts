import type { Place } from "./placed";

const DIRECTIONS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The shape that an arrow key leads to: the nearest one in that direction. */
export function neighbour(
  places: [string, Place][],
  from: string | null,
  key: string,
): string | null {
  const direction = DIRECTIONS[key];
  const here = places.find(([id]) => id === from)?.[1];
  if (!direction) return null;
  if (!here) return places[0]?.[0] ?? null;
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const [id, { x, y }] of places) {
    const [dx, dy] = [x - here.x, y - here.y];
    const along = dx * direction[0] + dy * direction[1];
    const across = Math.abs(dx * direction[1]) + Math.abs(dy * direction[0]);
    if (id === from || along <= 1) continue;
    const cost = along + 2.5 * across;
    if (cost < least) [best, least] = [id, cost];
  }
  return best;
}
