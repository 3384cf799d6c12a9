/** Where the eye is: a point of the drawing at `x`, `y` of the window, both in pixels. */
export interface View {
  x: number;
  y: number;
  scale: number;
}

export const LEAST_SCALE = 0.02;
export const MOST_SCALE = 3;
/** A graph that fits is not blown up beyond this. */
const NATURAL = 1.1;

/** The view that shows the whole of a drawing. */
export function fitted(
  drawing: { width: number; height: number },
  pane: { width: number; height: number },
): View {
  const scale = clamp(
    Math.min(pane.width / drawing.width, pane.height / drawing.height, NATURAL) || 1,
  );
  return {
    x: (pane.width - drawing.width * scale) / 2,
    y: (pane.height - drawing.height * scale) / 2,
    scale,
  };
}

/** Zoom by a factor; the point of the pane at `x`, `y` stays where it is. */
export function zoomed(view: View, factor: number, x: number, y: number): View {
  const scale = clamp(view.scale * factor);
  const real = scale / view.scale;
  return { x: x - (x - view.x) * real, y: y - (y - view.y) * real, scale };
}

/** Move as little as shows a point of the drawing, with room around it. */
export function revealed(
  view: View,
  point: { x: number; y: number },
  pane: { width: number; height: number },
): View {
  const shift = (at: number, size: number) => {
    const room = Math.min(140, size / 3);
    return at < room ? room - at : at > size - room ? size - room - at : 0;
  };
  const x = view.x + point.x * view.scale;
  const y = view.y + point.y * view.scale;
  return { ...view, x: view.x + shift(x, pane.width), y: view.y + shift(y, pane.height) };
}

function clamp(scale: number): number {
  return Math.min(MOST_SCALE, Math.max(LEAST_SCALE, scale));
}
