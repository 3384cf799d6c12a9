"""Graphs of the structure of published scientific workflows, as WfFormat 1.5 documents.

Kinds of tasks, their numbers, edges and run times in seconds (least, median, most) are facts about
instances of https://github.com/wfcommons/WfInstances, named at each function; the run times of the
single tasks are drawn from these. ``benchmarks.graphs`` replays the instances themselves as well.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: Least, median and most seconds.
Seconds = tuple[float, float, float]


class Instance:
    """A document that grows by its tasks; the same calls give the same document."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._specified: list[dict[str, Any]] = []
        self._executed: list[dict[str, Any]] = []
        self._random = random.Random(name)

    def add(self, kind: str, seconds: Seconds, parents: Iterable[str] = ()) -> str:
        """Add a task of this kind; return its id."""
        low, middle, high = seconds
        id = f"{kind}_ID{len(self._specified) + 1:07}"
        self._specified.append({"name": id, "id": id, "parents": list(parents)})
        took = self._random.triangular(low, high, middle)
        self._executed.append({"id": id, "runtimeInSeconds": took})
        return id

    @property
    def document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "schemaVersion": "1.5",
            "workflow": {
                "specification": {"tasks": self._specified},
                "execution": {"tasks": self._executed},
            },
        }


def montage(images: int = 7) -> dict[str, Any]:
    """A picture of the sky in three colours (montage-chameleon-2mass-01d-001: 7 images each)."""
    it = Instance("montage")
    mosaics = []
    for _ in range(3):
        projected = [it.add("mProject", (15.4, 16.2, 17.3)) for _ in range(images)]
        # Each overlaps with the next three.
        pairs = [(a, b) for at, a in enumerate(projected) for b in projected[at + 1 : at + 4]]
        fits = [it.add("mDiffFit", (0.05, 0.10, 0.81), pair) for pair in pairs]
        model = it.add(
            "mBgModel", (0.41, 0.59, 0.76), [it.add("mConcatFit", (0.18, 0.18, 0.18), fits)]
        )
        flat = [it.add("mBackground", (0.28, 0.32, 0.89), [image, model]) for image in projected]
        table = it.add("mImgtbl", (0.18, 0.18, 0.18), flat)
        mosaics.append(it.add("mAdd", (0.33, 0.34, 0.45), [*flat, table]))
        it.add("mViewer", (0.56, 0.64, 0.64), mosaics[-1:])
    it.add("mViewer", (1.41, 1.41, 1.41), mosaics)
    return it.document


def epigenomics(lanes: Sequence[int] = (59, 68)) -> dict[str, Any]:
    """Lanes of a sequencer in so many chunks (epigenomics-chameleon-ilmn-2seq-50k-001)."""
    it = Instance("epigenomics")
    merged = []
    for chunks in lanes:
        split = it.add("fastqSplit", (11.9, 12.7, 13.4))
        mapped = []
        for _ in range(chunks):
            clean = it.add("filterContams", (0.31, 18.2, 32.2), [split])
            sanger = it.add("sol2sanger", (0.30, 8.5, 17.8), [clean])
            bfq = it.add("fast2bfq", (0.38, 1.84, 6.26), [sanger])
            mapped.append(it.add("map", (27.9, 42.6, 58.0), [bfq]))
        merged.append(it.add("mapMerge", (4.3, 4.6, 4.9), mapped))
    index = it.add("chr21", (11.9, 11.9, 11.9), [it.add("mapMerge", (8.9, 8.9, 8.9), merged)])
    it.add("pileup", (23.8, 23.8, 23.8), [index])
    return it.document


def genome(chromosomes: int = 4, individuals: int = 10, populations: int = 7) -> dict[str, Any]:
    """Mutations of chromosomes in populations (1000genome-chameleon-4ch-100k-001)."""
    it = Instance("1000genome")
    for _ in range(chromosomes):
        parts = [it.add("individuals", (72.2, 97.9, 124.8)) for _ in range(individuals)]
        both = [it.add("individuals_merge", (39.3, 39.4, 39.8), parts)]
        both.append(it.add("sifting", (2.2, 4.6, 12.6)))
        for _ in range(populations):
            it.add("mutation_overlap", (2.1, 10.2, 60.1), both)
            it.add("frequency", (78.5, 152.4, 165.7), both)
    return it.document


def methylseq(samples: int = 3) -> dict[str, Any]:
    """nf-core/methylseq, whose first sample came in two files (methylseq-dirt02-001)."""
    it = Instance("methylseq")
    it.add("SAMPLESHEET_CHECK", (1, 1, 1))
    genome = it.add("BISMARK_GENOMEPREPARATION", (7, 7, 7))
    joined = it.add("CAT_FASTQ", (0.03, 0.03, 0.03))
    told, reads = [], []
    for sample in range(samples):
        source = [joined] if sample == 0 else []
        told.append(it.add("FASTQC", (15, 16, 21), source))
        trimmed = it.add("TRIMGALORE", (25, 26, 31), source)
        aligned = it.add("BISMARK_ALIGN", (9, 38, 68), [genome, trimmed])
        it.add("PRESEQ_LCEXTRAP", (1.7, 2.4, 2.5), [it.add("SAMTOOLS_SORT", (0, 1, 2), [aligned])])
        unique = it.add("BISMARK_DEDUPLICATE", (0, 2, 4), [aligned])
        sorted_ = it.add("SAMTOOLS_SORT", (0, 0, 1), [unique])
        called = it.add("BISMARK_METHYLATIONEXTRACTOR", (12, 12, 14), [genome, unique])
        reads += [aligned, unique, called]
        told += [trimmed, it.add("QUALIMAP_BAMQC", (15, 15, 16), [sorted_])]
        told.append(it.add("BISMARK_REPORT", (1, 1, 1), [aligned, unique, called]))
    told.append(it.add("BISMARK_SUMMARY", (1, 1, 1), reads))
    told.append(it.add("CUSTOM_DUMPSOFTWAREVERSIONS", (0.6, 0.6, 0.6)))
    it.add("MULTIQC", (84.2, 84.2, 84.2), [*told, *reads])
    return it.document


def at_scale(scale: float) -> Mapping[str, dict[str, Any]]:
    """All of them, at this part of their published size."""

    def some(amount: int) -> int:
        return max(1, round(amount * scale))

    return {
        "montage": montage(some(7)),
        "epigenomics": epigenomics([some(59), some(68)]),
        "1000genome": genome(some(4), some(10)),
        "methylseq": methylseq(some(3)),
    }
