"""Writing many rows fast: streams in, batches through, only differences written.

    source.py → lines.py → (the caller parses) → rows.py → loader.py → mysql | sqlite | postgres

Knows no domain: a `Target` names table, columns and key; a `Batch` yields the rows.
"""

from popflix.lib.bulk.ahead import ahead
from popflix.lib.bulk.lines import Block, Table, cut_batches, open_table, skip_lines
from popflix.lib.bulk.loader import Loader, open_loader
from popflix.lib.bulk.rows import Batch, Chunk, Loaded, Parent, Refusal, RowBatch, Target
from popflix.lib.bulk.source import BrokenSource, Source, open_source
from popflix.lib.bulk.sqlite import modest_cache
from popflix.lib.bulk.transactions import transaction

__all__ = [
    "Batch",
    "Block",
    "BrokenSource",
    "Chunk",
    "Loaded",
    "Loader",
    "Parent",
    "Refusal",
    "RowBatch",
    "Source",
    "Table",
    "Target",
    "ahead",
    "cut_batches",
    "modest_cache",
    "open_loader",
    "open_source",
    "open_table",
    "skip_lines",
    "transaction",
]
