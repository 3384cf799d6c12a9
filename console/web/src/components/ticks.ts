const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000,
  300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000,
];

/** Round times for an axis of `span` ms: about five. */
export function ticks(span: number): number[] {
  const days = Math.ceil(span / 86_400_000 / 5) * 86_400_000;
  const step = STEPS.find((one) => span / one <= 6) ?? days;
  const found: number[] = [];
  for (let at = 0; at < span * 0.96; at += step) found.push(at);
  return found;
}
