"""The form of a task's Celery id, which bridges and scripts make alike.

``lf:<category>:<workflow>:<index>:<token>``; a long part is cut, and ends with ``~`` and a digest.
"""

from __future__ import annotations

#: Longest part of an id in characters. Three parts at their longest, an index of ten digits and the
#: prefix make 154; Celery's tables of results hold 155, AMQP 255 in a correlation id.
LONGEST = 45

#: Hex digits of the SHA-1 that ends a shortened part: 64 bits, far beyond any number of names.
DIGEST = 16
