"""Colours for the flow language in these pages."""

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Comment, Keyword, Name, Operator, Punctuation, String, Text


class FlowLexer(RegexLexer):
    """Colours only: what is a flow and what is not, says ``littleflow_redis.language``."""

    name = "littleflow"
    aliases: ClassVar = ["flow", "flow-error"]
    tokens: ClassVar = {
        "root": [
            (r"#[^\n]*", Comment),
            (r"'''.*?'''|\"\"\".*?\"\"\"", String.Doc),
            (r"`[^`]*`", String.Regex),
            (r"(?s)\(-.*?-\)|<-.*?->|\(\{.*?\}\)|\(\[.*?\]\)|<\{.*?\}>|<\[.*?\]>", String),
            (r"<[^<>\n]*>", Name.Entity),
            (r"(@[a-zA-Z_-]+)(\s+)([\w:-]+)", bygroups(Keyword, Text, Name.Function)),
            (r"→|->|[*>?|=;]", Operator),
            (r"[{}()]", Punctuation),
            (r":[a-zA-Z_][\w:-]*", Name.Label),
            (r"[a-zA-Z_](?:[\w:]|-(?!>))*", Name.Function),
            (r"\s+|.", Text),
        ]
    }
