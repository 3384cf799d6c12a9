import { INCH } from "./dot";

export interface Place {
  /** The middle, and the size, in pixels from the upper left corner. */
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Course {
  from: string;
  to: string;
  /** A cubic Bézier spline: a first point, then three for each curve. */
  points: [number, number][];
  label: [number, number] | null;
}

/** Where Graphviz has put everything. */
export interface Placed {
  width: number;
  height: number;
  places: Map<string, Place>;
  courses: Course[];
}

/**
 * Read Graphviz' format `plain`, whose y points up and whose unit is the inch. `upright` leaves y as
 * it is: from left to right Graphviz puts what comes first lowest, and we put it on top.
 */
export function readPlain(text: string, upright: boolean): Placed {
  const placed: Placed = { width: 0, height: 0, places: new Map(), courses: [] };
  for (const line of text.split("\n")) {
    const words = line.split(" ");
    const at = (i: number): number => Number(words[i]) * INCH;
    const point = (i: number): [number, number] => [
      at(i),
      upright ? at(i + 1) : placed.height - at(i + 1),
    ];
    if (words[0] === "graph") {
      placed.width = at(2);
      placed.height = at(3);
    } else if (words[0] === "node") {
      const [x, y] = point(2);
      placed.places.set(unquoted(words[1]), { x, y, width: at(4), height: at(5) });
    } else if (words[0] === "edge") {
      const number = Number(words[3]);
      const points = Array.from({ length: number }, (_, i) => point(4 + 2 * i));
      const after = 4 + 2 * number;
      // Behind the points: a label with its place, if there is one, then style and colour.
      const label = words.length > after + 2 ? point(after + 1) : null;
      const [from, to] = [unquoted(words[1]), unquoted(words[2])];
      placed.courses.push({ from, to, points, label });
    }
  }
  return placed;
}

function unquoted(word = ""): string {
  return word.replaceAll('"', "");
}
