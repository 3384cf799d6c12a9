export interface Token {
  kind: "name" | "arrow" | "literal" | "comment" | "keyword" | "plain";
  text: string;
  /** Where it begins, both from 1, as the compiler counts. */
  line: number;
  column: number;
}

const PATTERN = new RegExp(
  [
    "(?<comment>#[^\\n]*)",
    '(?<literal>\\(-[\\s\\S]*?-\\)|\\([{[][\\s\\S]*?[}\\]]\\)|\\[\\?[^\\]]*\\]|"(?:\\\\.|[^"\\\\])*"|<[^>\\s]*>)',
    "(?<arrow>→|->)",
    "(?<keyword>@[\\w]+|[{}*>;|]|:(?:start|end)\\b)",
    "(?<name>[\\p{L}_][\\p{L}\\p{N}_:-]*?(?=->|[^\\p{L}\\p{N}_:-]|$))",
    "(?<plain>[\\s\\S])",
  ].join("|"),
  "gu",
);

/** Cut a flow's text into coloured pieces. It only looks: what is valid says the compiler. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let line = 1;
  let column = 1;
  for (const match of text.matchAll(PATTERN)) {
    const [kind] = Object.entries(match.groups ?? {}).find(([, part]) => part !== undefined) ?? [];
    const piece = match[0];
    const last = found.at(-1);
    if (kind === "plain" && last?.kind === "plain") last.text += piece;
    else found.push({ kind: kind as Token["kind"], text: piece, line, column });
    const lines = piece.split("\n");
    line += lines.length - 1;
    column = (lines.length > 1 ? 1 : column) + [...(lines.at(-1) ?? "")].length;
  }
  return found;
}
