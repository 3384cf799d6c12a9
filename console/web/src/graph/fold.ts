import type { Graph, GraphNode } from "../views/graph";
import { isWork } from "../views/step";
import { count } from "../views/text";

/** Equal branches of a fork from which on they are drawn as one. */
export const FOLD_FROM = 5;

/** What is drawn as one box or dot: a step, a folded subflow, or equal steps of many branches. */
export interface Shape {
  id: string;
  kind: "step" | "dot" | "end" | "cluster" | "branches";
  label: string;
  /** The steps that it stands for. */
  members: number[];
  /** The cluster it stands in, -1 for none. */
  parent: number;
}

export interface Line {
  from: string;
  to: string;
  guard: string;
  back: boolean;
}

export interface Box {
  index: number;
  parent: number;
  label: string;
}

/** What is drawn of a graph: everything that is not folded, and what stands for the folded. */
export interface Drawn {
  shapes: Shape[];
  lines: Line[];
  boxes: Box[];
  /** The shape that each step is part of. */
  shapeOf: Map<number, string>;
}

export interface Folding {
  /** Start steps of the subflows that are folded. */
  clusters: ReadonlySet<number>;
  /** Groups of branches, by the id of their shape, that are unfolded. */
  branches: ReadonlySet<string>;
}

export function drawn(graph: Graph, folding: Folding): Drawn {
  const enclosing = enclosingClusters(graph);
  const folded = foldedInto(graph, enclosing, folding.clusters);
  const grouped = groupedBranches(graph, folded, enclosing, folding.branches);
  const shapes = new Map<string, Shape>();
  const shapeOf = new Map<number, string>();
  for (const node of graph.nodes) {
    const cluster = folded.get(node.index);
    const group = grouped.get(node.index);
    const id = cluster !== undefined ? `c${cluster}` : (group ?? `s${node.index}`);
    shapeOf.set(node.index, id);
    const shape = shapes.get(id);
    if (shape) shape.members.push(node.index);
    else if (cluster !== undefined) shapes.set(id, clusterShape(graph, id, cluster, folded));
    else shapes.set(id, nodeShape(node, id, group !== undefined, enclosing));
  }
  for (const shape of shapes.values()) if (shape.kind === "cluster") shape.members = [];
  for (const [index, cluster] of folded) shapes.get(`c${cluster}`)?.members.push(index);
  for (const shape of shapes.values())
    if (shape.kind === "branches") shape.label = `${shape.label} ×${shape.members.length}`;
  const boxes = graph.clusters
    .filter((cluster) => !folded.has(cluster.index))
    .map(({ index, parent, label }) => ({ index, parent: parent > 0 ? parent : -1, label }));
  return { shapes: [...shapes.values()], lines: lines(graph, shapeOf), boxes, shapeOf };
}

/** Of each step the cluster it stands in; a cluster's own start and end stand in it. */
function enclosingClusters(graph: Graph): Map<number, number> {
  const known = new Set(graph.clusters.map((cluster) => cluster.index));
  const found = new Map<number, number>();
  for (const node of graph.nodes) found.set(node.index, known.has(node.parent) ? node.parent : -1);
  for (const cluster of graph.clusters) {
    found.set(cluster.index, cluster.index);
    found.set(cluster.end, cluster.index);
  }
  return found;
}

/** Of each step within a folded cluster: the outermost of those. */
function foldedInto(
  graph: Graph,
  enclosing: Map<number, number>,
  folded: ReadonlySet<number>,
): Map<number, number> {
  const parents = new Map(graph.clusters.map((cluster) => [cluster.index, cluster.parent]));
  const result = new Map<number, number>();
  if (!folded.size) return result;
  for (const node of graph.nodes)
    for (let at = enclosing.get(node.index) ?? -1; at >= 0; at = parents.get(at) ?? -1)
      if (folded.has(at)) result.set(node.index, at);
  return result;
}

/** Of each step in one of many equal branches: the id of the shape that stands for all of them. */
function groupedBranches(
  graph: Graph,
  folded: Map<number, number>,
  enclosing: Map<number, number>,
  unfolded: ReadonlySet<string>,
): Map<number, string> {
  const before = neighbours(graph, "to", "from");
  const after = neighbours(graph, "from", "to");
  const nodes = new Map(graph.nodes.map((node) => [node.index, node]));
  const plain = (index: number) => {
    const node = nodes.get(index);
    return node !== undefined && isWork(node) && !folded.has(index);
  };
  const next = (index: number) => {
    const [only, ...more] = after.get(index) ?? [];
    if (only === undefined || more.length || !plain(only)) return -1;
    const joined = (before.get(only) ?? []).length !== 1;
    return joined || enclosing.get(only) !== enclosing.get(index) ? -1 : only;
  };
  const continued = new Set(graph.nodes.filter((n) => plain(n.index)).map((n) => next(n.index)));
  const chains = new Map<string, number[][]>();
  for (const { index } of graph.nodes) {
    if (!plain(index) || continued.has(index)) continue;
    const chain = [index];
    for (let at = next(index); at >= 0; at = next(at)) chain.push(at);
    const names = chain.map((at) => `${nodes.get(at)?.label}\0${nodes.get(at)?.base}`);
    const ends = [before.get(index) ?? [], after.get(chain.at(-1) ?? index) ?? []];
    const key = JSON.stringify([enclosing.get(index), names, ends]);
    chains.set(key, [...(chains.get(key) ?? []), chain]);
  }
  const result = new Map<number, string>();
  for (const equal of chains.values()) {
    const first = equal[0]?.[0];
    if (first === undefined || equal.length < FOLD_FROM || unfolded.has(`b${first}`)) continue;
    for (const chain of equal)
      for (const [place, index] of chain.entries())
        result.set(index, place ? `b${first}.${place}` : `b${first}`);
  }
  return result;
}

function neighbours(graph: Graph, of: "from" | "to", to: "from" | "to"): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const edge of graph.edges) {
    const list = found.get(edge[of]);
    if (list) list.push(edge[to]);
    else found.set(edge[of], [edge[to]]);
  }
  return found;
}

function clusterShape(graph: Graph, id: string, index: number, folded: Map<number, number>): Shape {
  const cluster = graph.clusters.find((one) => one.index === index);
  const inside = graph.nodes.filter((node) => isWork(node) && folded.get(node.index) === index);
  const parent = cluster && cluster.parent > 0 ? cluster.parent : -1;
  const label = cluster?.label || count(inside.length, "step");
  return { id, kind: "cluster", label, members: [], parent };
}

function nodeShape(
  node: GraphNode,
  id: string,
  group: boolean,
  enclosing: Map<number, number>,
): Shape {
  const kind = group ? "branches" : isWork(node) ? "step" : outer(node) ? "end" : "dot";
  const parent = enclosing.get(node.index) ?? -1;
  return { id, kind, label: node.label, members: [node.index], parent };
}

function outer(node: GraphNode): boolean {
  return node.kind === "start" || node.kind === "end";
}

function lines(graph: Graph, shapeOf: Map<number, string>): Line[] {
  const found = new Map<string, Line>();
  for (const edge of graph.edges) {
    const from = shapeOf.get(edge.from);
    const to = shapeOf.get(edge.to);
    if (from === undefined || to === undefined || (from === to && !edge.back)) continue;
    const key = `${from} ${to} ${edge.back}`;
    const line = found.get(key);
    if (!line) found.set(key, { from, to, guard: edge.guard, back: edge.back });
    else if (line.guard !== edge.guard) line.guard = "";
  }
  return [...found.values()];
}
