"""Names of what workloads make, as people say them."""

from __future__ import annotations

__all__ = ["UNITS"]

UNITS = {
    "mtoken": "million trained tokens",
    "served_mtoken": "million tokens served",
    "input_mtoken": "million input tokens",
    "cached_mtoken": "million cached tokens",
    "output_mtoken": "million output tokens",
    "stream_hour": "stream-hour",
    "useful_card_hour": "useful card-hour",
    "image": "image",
    "sample": "sample",
    "video_second": "second of video",
}
