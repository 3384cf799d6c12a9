"""Small workflow instances in WfFormat, shaped as the published ones are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: Parents of each task, by id.
Parents = Mapping[str, Iterable[str]]


def instance(name: str, parents: Parents) -> dict[str, Any]:
    """An instance in WfFormat 1.5: tasks point to both sides, by id."""
    children: dict[str, list[str]] = {id: [] for id in parents}
    for id, before in parents.items():
        for parent in before:
            children[parent].append(id)
    tasks = [
        {"name": id, "id": id, "parents": list(before), "children": children[id]}
        for id, before in parents.items()
    ]
    return {
        "name": name,
        "schemaVersion": "1.5",
        "workflow": {"specification": {"tasks": tasks}, "execution": {"tasks": []}},
    }


def older(name: str, parents: Parents) -> dict[str, Any]:
    """The same in WfFormat 1.4: tasks point to their parents only, by name."""
    tasks = [
        {"name": f"run_{id}", "id": id, "parents": [f"run_{parent}" for parent in before]}
        for id, before in parents.items()
    ]
    return {"name": name, "schemaVersion": "1.4", "workflow": {"tasks": tasks}}


def montage(images: int) -> Parents:
    """A mosaic: neighbours are compared, a model of all corrects each, and all become one."""
    projects = [f"mProject_ID{number:07}" for number in range(images)]
    pairs = [(i, j) for i in range(images) for j in range(i + 1, min(i + 4, images))]
    diffs = {f"mDiffFit_ID1{i:03}{j:03}": (projects[i], projects[j]) for i, j in pairs}
    corrected = {f"mBackground_ID3{i:06}": (p, "mBgModel") for i, p in enumerate(projects)}
    return {
        **dict.fromkeys(projects, ()),
        **diffs,
        "mConcatFit": tuple(diffs),
        "mBgModel": ("mConcatFit",),
        **corrected,
        "mImgtbl": tuple(corrected),
        "mAdd": ("mImgtbl", *corrected),
    }


def epigenomics(lanes: int, chunks: int) -> Parents:
    """Lanes of chunks, each chunk a chain of four; lanes are merged, then all."""
    parents: dict[str, tuple[str, ...]] = {}
    for lane in range(lanes):
        split = f"fastqSplit_{lane:06}"
        parents[split] = ()
        ends = []
        for chunk in range(chunks):
            before = split
            for program in ("filterContams", "sol2sanger", "fast2bfq", "map"):
                id = f"{program}_{lane:03}{chunk:03}"
                parents[id] = (before,)
                before = id
            ends.append(before)
        parents[f"mapMerge_{lane:06}"] = tuple(ends)
    parents["mapMerge_all"] = tuple(f"mapMerge_{lane:06}" for lane in range(lanes))
    return {**parents, "maqIndex": ("mapMerge_all",), "pileup": ("maqIndex",)}


def wide(width: int) -> Parents:
    """Many that one waits for, as in seismology."""
    ids = [f"sG1IterDecon_ID{number:06}" for number in range(width)]
    return {**dict.fromkeys(ids, ()), "wrapper_siftSTFByMisfit": tuple(ids)}


def layers(width: int) -> Parents:
    """Two indexes that each of many needs, and two reports that each need all of these."""
    roots = ("fastq_reduce", "bwa_index")
    middle = {f"bwa_ID{number:06}": roots for number in range(width)}
    return {
        **dict.fromkeys(roots, ()),
        **middle,
        "cat_bwa": tuple(middle),
        "cat": tuple(middle),
    }
