/** Call `action` at once, then at most every `ms`; a call in between is made up for at the end. */
export function throttled(
  action: () => void,
  ms: number,
): { call: () => void; cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wanted = false;
  const run = () => {
    timer = setTimeout(() => {
      timer = undefined;
      if (!wanted) return;
      wanted = false;
      run();
    }, ms);
    action();
  };
  return {
    call() {
      if (timer === undefined) run();
      else wanted = true;
    },
    cancel() {
      clearTimeout(timer);
      timer = undefined;
      wanted = false;
    },
  };
}
