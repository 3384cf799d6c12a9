import { useEffect, useState } from "preact/hooks";
import { now } from "../state/clock";
import { apiAddress } from "../state/config";
import { lostSince, regained } from "../state/link";
import { duration } from "../views/time";
import { Notice } from "./notice";

/** Ms for which it is said that the link is back. */
const GOOD_NEWS_MS = 4000;

/** Says that the API does not answer, and when it does again. */
export function LinkNotice() {
  const [back, setBack] = useState(false);
  useEffect(() => {
    if (!regained.value) return;
    setBack(true);
    const timer = setTimeout(() => setBack(false), GOOD_NEWS_MS);
    return () => clearTimeout(timer);
  }, [regained.value]);
  const since = lostSince.value;
  if (since !== null) {
    const ms = now.value - since;
    const age = ms < 1000 ? "" : ` for ${duration(Math.floor(ms / 1000) * 1000)}`;
    return (
      <Notice tone="waiting">
        <strong>Link lost.</strong> The API at <code>{apiAddress.value}</code> does not answer
        {age}; what you see may be old. Trying again.
      </Notice>
    );
  }
  return back ? <Notice tone="ended">The link to the API is back.</Notice> : null;
}
