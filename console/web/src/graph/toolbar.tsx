import { Button } from "../components/button";
import { orientation } from "../state/preferences";

interface Props {
  keys: Record<string, () => void>;
  fold: { folded: boolean; toggle: () => void } | null;
}

/** The buttons in the corner of the graph. */
export function Toolbar({ keys, fold }: Props) {
  const turn = () => {
    orientation.value = orientation.value === "horizontal" ? "vertical" : "horizontal";
  };
  return (
    <div class="graph-tools" role="toolbar" aria-label="Graph">
      <Button icon="plus" kind="quiet" label="Zoom in" onClick={keys["+"] ?? turn} />
      <Button icon="minus" kind="quiet" label="Zoom out" onClick={keys["-"] ?? turn} />
      <Button icon="fit" kind="quiet" label="Fit" onClick={keys["0"] ?? turn} />
      <Button
        icon="rotate"
        kind="quiet"
        label={orientation.value === "horizontal" ? "From top to bottom" : "From left to right"}
        onClick={turn}
      />
      {fold && (
        <Button
          icon="fold"
          kind="quiet"
          label={fold.folded ? "Unfold all subflows" : "Fold all subflows and branches"}
          onClick={fold.toggle}
        />
      )}
    </div>
  );
}
