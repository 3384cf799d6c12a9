import { expect, test } from "vitest";
import type { Graph } from "../views/graph";
import { drawn } from "./fold";

const NOTHING = { clusters: new Set<number>(), branches: new Set<string>() };

function graph(labels: string[], edges: [number, number][]): Graph {
  const kind = (i: number) => (i === 0 ? "start" : i === labels.length - 1 ? "end" : "task");
  return {
    nodes: labels.map((label, index) => ({
      index,
      label,
      kind: kind(index),
      base: label,
      parent: -1,
      state: "idle",
      activations: 0,
      attempts: 0,
    })),
    clusters: [],
    edges: edges.map(([from, to]) => ({ from, to, guard: "", back: false })),
  };
}

/** start → 6 × (a → b) → end, the steps numbered branch by branch. */
function fork(names: string[]): Graph {
  const labels = ["start", ...names.flatMap((name) => [name, "b"]), "end"];
  const last = labels.length - 1;
  const edges = names.flatMap((_, i): [number, number][] => [
    [0, 1 + 2 * i],
    [1 + 2 * i, 2 + 2 * i],
    [2 + 2 * i, last],
  ]);
  return graph(labels, edges);
}

test("equal branches become one chain that says how many", () => {
  const { shapes, lines, shapeOf } = drawn(fork(Array(6).fill("a")), NOTHING);
  expect(shapes.map((shape) => shape.label)).toEqual(["start", "a ×6", "b ×6", "end"]);
  expect(shapes[1]?.members).toEqual([1, 3, 5, 7, 9, 11]);
  expect(lines.map((line) => `${line.from} ${line.to}`)).toEqual(["s0 b1", "b1 b1.1", "b1.1 s13"]);
  expect(shapeOf.get(11)).toBe("b1");
});

test("a branch that differs stays outside, and few branches stay as they are", () => {
  const { shapes } = drawn(fork(["a", "a", "a", "a", "a", "x"]), NOTHING);
  expect(shapes.map((shape) => shape.label)).toEqual(["start", "a ×5", "b ×5", "x", "b", "end"]);
  expect(drawn(fork(Array(4).fill("a")), NOTHING).shapes).toHaveLength(10);
});

test("branches unfold", () => {
  const folding = { ...NOTHING, branches: new Set(["b1"]) };
  expect(drawn(fork(Array(6).fill("a")), folding).shapes).toHaveLength(14);
});

test("a folded subflow is one shape, with what is nested in it", () => {
  const flow = graph(
    ["start", "", "a", "", "b", "", "", "end"],
    [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [5, 6],
      [6, 7],
    ],
  );
  const parents = [-1, -1, 1, 1, 3, 1, -1, -1];
  flow.nodes.forEach((node, i) => {
    node.parent = parents[i] ?? -1;
    if (i === 1 || i === 3) node.kind = "subflow-start";
    if (i === 5 || i === 6) node.kind = "subflow-end";
  });
  flow.clusters = [
    { index: 1, end: 6, parent: -1, label: "outer" },
    { index: 3, end: 5, parent: 1, label: "inner" },
  ];
  expect(drawn(flow, NOTHING).boxes.map((box) => box.label)).toEqual(["outer", "inner"]);
  const { shapes, boxes, lines } = drawn(flow, { ...NOTHING, clusters: new Set([1, 3]) });
  expect(shapes.map((shape) => shape.label)).toEqual(["start", "outer", "end"]);
  expect(shapes[1]?.members).toEqual([1, 2, 3, 4, 5, 6]);
  expect(boxes).toEqual([]);
  expect(lines).toHaveLength(2);
  const inner = drawn(flow, { ...NOTHING, clusters: new Set([3]) });
  expect(inner.shapes.map((shape) => shape.kind)).toEqual([
    "end",
    "dot",
    "step",
    "cluster",
    "dot",
    "end",
  ]);
});
