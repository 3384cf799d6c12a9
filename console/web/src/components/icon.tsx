/** Line icons on a grid of 16, drawn with the colour of the text around them. */
const PATHS = {
  archive: "M2 3h12v3H2zM3 6v7h10V6M6.5 9h3",
  arrow: "M3 8h10M9 4l4 4-4 4",
  back: "M13 8H3M7 4L3 8l4 4",
  bell: "M4 11V7a4 4 0 018 0v4l1 1H3zM6.8 14h2.4",
  check: "M3 8.5l3.2 3L13 4.5",
  chevron: "M4 6l4 4 4-4",
  close: "M4 4l8 8M12 4l-8 8",
  command: "M2.5 4l4 4-4 4M8 12.5h5.5",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  download: "M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  fold: "M3 8h10M8 1.5v4M6 4l2 2 2-2M8 14.5v-4M6 12l2-2 2 2",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  moon: "M13 9.5A5.5 5.5 0 016.5 3a5.5 5.5 0 106.5 6.5z",
  play: "M4.5 2.8l8.5 5.2-8.5 5.2z",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  refresh: "M13 8a5 5 0 11-1.6-3.7M13 2.2v3H10",
  rotate: "M2.5 5.5h6v6h-6zM11 3.5c2 .6 2.6 2.6 2.4 5.5M11.6 7.6L13.4 9l1.6-1.4",
  search: "M7 11.5a4.5 4.5 0 100-9 4.5 4.5 0 000 9zM10.4 10.4L14 14",
  send: "M14 2L7.5 8.5M14 2L9.5 14l-2-5.5L2 6.5z",
  stop: "M4 4h8v8H4z",
  sun: "M8 11a3 3 0 100-6 3 3 0 000 6zM8 1.2v1.3M8 13.5v1.3M1.2 8h1.3M13.5 8h1.3M3.2 3.2l.9.9M11.9 11.9l.9.9M12.8 3.2l-.9.9M4.1 11.9l-.9.9",
  trash: "M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4M6.7 6.5v4.5M9.3 6.5v4.5",
  upload: "M8 11V3M4.5 6L8 2.5 11.5 6M3 13.5h10",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
