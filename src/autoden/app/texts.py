"""Pieces of text as elements of the page; what is given is shown as it is, never read as HTML."""

from __future__ import annotations

from nicegui.elements.mixins.text_element import TextElement


def text(tag: str, content: str) -> TextElement:
    """Make an element such as "h2" or "p" that holds text."""
    return TextElement(tag=tag, text=content)
