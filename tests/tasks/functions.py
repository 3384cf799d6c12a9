"""Functions that serve the steps of local runs."""

from __future__ import annotations


def add(x: float, y: float) -> float:
    return x + y


def double(x: float) -> float:
    return 2 * x


class Math:
    """Functions of a class serve steps as those of a module do."""

    @staticmethod
    def add(x: float, y: float) -> float:
        return x + y

    @staticmethod
    def weekly_sum(x: float, y: float) -> float:
        return x + y
