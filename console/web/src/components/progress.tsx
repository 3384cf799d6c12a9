/** Steps ended of all: a bar and the numbers. */
export function Progress({ done, total, tone }: { done: number; total: number; tone: string }) {
  return (
    <span class="progress">
      <progress class={`tone-${tone}`} value={done} max={total} aria-label="steps ended" />
      <span class="number">
        {done}
        <span class="muted"> / {total}</span>
      </span>
    </span>
  );
}
