import type { Unserved } from "../views/unserved";
import { Notice } from "./notice";

/** Categories that are listed at once; of more their number. */
const LISTED = 3;

/** Which categories nobody serves, what may be meant, and what to start. */
export function UnservedNotice({ unserved }: { unserved: Unserved[] }) {
  if (!unserved.length) return null;
  return (
    <Notice tone="waiting">
      {unserved.slice(0, LISTED).map((one) => (
        <p key={one.found}>
          <strong>{one.found}</strong> <Advice text={one.advice} />
        </p>
      ))}
      {unserved.length > LISTED && <p>… and {unserved.length - LISTED} more</p>}
    </Notice>
  );
}

/** Text in which commands stand between backticks. */
function Advice({ text }: { text: string }) {
  return (
    <>
      {text.split("`").map((part, i) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
        i % 2 ? <code key={i}>{part}</code> : part,
      )}
    </>
  );
}
