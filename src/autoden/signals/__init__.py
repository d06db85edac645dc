"""What the user brings: an array with its axes and metadata, and the way to a network and back."""

from autoden.signals.lazy import LazyArray
from autoden.signals.signal import Axis, Signal

__all__ = ["Axis", "LazyArray", "Signal"]
