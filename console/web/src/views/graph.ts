import type { WireGraph } from "../wire/types";
import { visible } from "./text";

export interface GraphNode {
  index: number;
  label: string;
  kind: string;
  base: string;
  /** The start step of the cluster it stands in, -1 for the outermost flow. */
  parent: number;
  state: string;
  activations: number;
  attempts: number;
}

export interface GraphCluster {
  index: number;
  end: number;
  parent: number;
  label: string;
}

export interface GraphEdge {
  from: number;
  to: number;
  guard: string;
  back: boolean;
}

export interface Graph {
  nodes: GraphNode[];
  clusters: GraphCluster[];
  edges: GraphEdge[];
}

export function toGraph(wire: WireGraph): Graph {
  return {
    nodes: wire.nodes.map((node) => ({
      index: node.index,
      label: visible(node.label || node.name),
      kind: node.kind,
      base: visible(node.base),
      parent: node.parent,
      state: node.state ?? "idle",
      activations: node.activations,
      attempts: node.attempts,
    })),
    clusters: wire.clusters.map((cluster) => ({ ...cluster, label: visible(cluster.label) })),
    edges: wire.edges.map((edge) => ({
      from: edge.from,
      to: edge.to,
      guard: visible(edge.guard),
      back: edge.back,
    })),
  };
}
