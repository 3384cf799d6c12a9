"""An ordinary Celery app: it knows nothing of workflows, and imports nothing of littleflow_redis.

Celery reads the broker from CELERY_BROKER_URL, so the app names none. `time.sleep` stands for the
databases and services that real tasks wait for.
"""

from __future__ import annotations

import re
import time
from collections import Counter

from celery import Celery

app = Celery("demo")
app.conf.update(
    # A task whose process is killed begins again.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
)

REVIEWS = {
    "kettle": [
        {"stars": 5, "text": "Boils FAST, and the handle stays cool.   Quiet too!"},
        {"stars": 4, "text": "fast and pretty;  the lid is a bit stiff"},
        {"stars": 1, "text": "The lid broke after a week. <b>Never again.</b>"},
        {"stars": 4, "text": "Quiet, fast, and the handle feels solid."},
        {"stars": 5, "text": "Second one we own. Handle, lid, cord: all solid."},
    ],
    "toaster": [
        {"stars": 3, "text": "Browns one side more than the other."},
        {"stars": 5, "text": "Perfect toast, <i>every</i> morning."},
    ],
}

TOPICS = ("cord", "fast", "handle", "lid", "quiet", "solid", "toast")


@app.task
def fetch(product: str) -> dict[str, object]:
    """Look the reviews of a product up."""
    time.sleep(0.4)
    return {"product": product, "reviews": REVIEWS[product]}


@app.task
def clean(product: str, reviews: list[dict]) -> dict[str, object]:
    """Strip markup and stray blanks from the texts."""
    time.sleep(0.3)
    for review in reviews:
        text = re.sub(r"<[^>]*>", "", review["text"])
        review["text"] = " ".join(text.split())
    return {"product": product, "reviews": reviews}


@app.task
def rate(product: str, reviews: list[dict], digits: int = 1) -> dict[str, object]:
    """Average the stars."""
    time.sleep(0.5)
    stars = [review["stars"] for review in reviews]
    return {"product": product, "rating": round(sum(stars) / len(stars), digits)}


@app.task
def topics(reviews: list[dict], most: int = 3) -> dict[str, list[str]]:
    """Find what people write about."""
    time.sleep(0.7)
    words = Counter(
        word
        for review in reviews
        for word in set(re.findall(r"\w+", review["text"].lower()))
        if word in TOPICS
    )
    ranked = sorted(words, key=lambda word: (-words[word], word))
    return {"topics": ranked[:most]}


@app.task
def quote(reviews: list[dict]) -> dict[str, str]:
    """Pick the best review, of several the shortest."""
    time.sleep(0.3)
    best = min(reviews, key=lambda review: (-review["stars"], len(review["text"])))
    return {"quote": best["text"]}


@app.task
def report(product: str, rating: float, topics: list[str], quote: str) -> str:
    """Put it all into one paragraph."""
    time.sleep(0.3)
    return f"The {product}: {rating} of 5 stars, for {', '.join(topics)}. “{quote}”"


@app.task
def publish(text: str) -> dict[str, object]:
    """Would send the report somewhere; counts its words instead."""
    time.sleep(0.2)
    return {"published": text, "words": len(text.split())}
