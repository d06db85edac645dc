"""Before and after: a spectrum that can be zoomed into, or an image under a slider."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from numpy.typing import NDArray

from autoden.app.figures import axis_label, positions, spectrum_figure
from autoden.app.pictures import picture, scale_of
from autoden.app.view import View

_SIZES = {"fit": "Fit", "1": "1:1", "2": "2:1", "4": "4:1"}


class Comparison:
    """Draws data, or what became of them.

    Parameters
    ----------
    before, after : View or None
        At least one.
    sigma : ndarray or None
        Uncertainty of `after`.
    """

    def __init__(self, before: View | None, after: View | None, sigma: NDArray[Any] | None) -> None:
        self._before, self._after, self._sigma = before, after, sigma
        first = after or before
        assert first is not None
        self._first = first
        self._item = 0
        self._is_logarithmic = False
        self._span: tuple[float, float] | None = None
        with ui.row().classes("tools"):
            self._spectrum_tools() if first.is_spectrum else self._image_tools()
            if len(first.labels) > 1:
                names = {i: label or str(i) for i, label in enumerate(first.labels)}
                chooser = ui.select(names, value=0, label="Shown", on_change=self._choose_item)
                chooser.props("dense outlined options-dense data-testid=item")
        if first.is_spectrum:
            self._plot = ui.plotly(self._figure()).classes("figure").props('data-testid="spectrum"')
            self._plot.props(f'role="img" aria-label="{self._describe()}"')
            self._plot.on("plotly_relayout", self._zoomed)
        else:
            self._place = ui.element("div").classes("place")
            self._draw_images()

    def _spectrum_tools(self) -> None:
        scale = ui.toggle(["linear", "log"], value="linear", on_change=self._choose_scale)
        scale.props("no-caps unelevated dense toggle-color=primary data-testid=scale")
        x = positions(self._first.axes[0], self._first.values.shape[-1])
        self._ends = float(x.min()), float(x.max())
        label = axis_label(self._first.axes[0])
        self._from, self._to = (
            ui.number(f"{label} {word}", value=round(end, 6), on_change=self._choose_span)
            for word, end in zip(("from", "to"), self._ends, strict=True)
        )
        for field, name in ((self._from, "from"), (self._to, "to")):
            field.props("dense outlined debounce=500").classes("narrow").props(
                f'data-testid="{name}"'
            )
        ui.button("Show all", on_click=self._show_all).props("flat dense no-caps data-testid=all")

    def _image_tools(self) -> None:
        size = ui.toggle(_SIZES, value="fit", on_change=self._choose_size)
        size.props("no-caps unelevated dense toggle-color=primary data-testid=size")
        self._size = "fit"

    def _figure(self) -> dict[str, Any]:
        return spectrum_figure(
            self._before,
            self._after,
            self._sigma,
            item=self._item,
            logarithmic=self._is_logarithmic,
            span=self._span,
        )

    def _describe(self) -> str:
        low, high = (f"{end:.6g}" for end in self._ends)
        what = "measured" if self._after is None else "measured and denoised"
        return f"Spectrum, {what}, from {low} to {high} along {axis_label(self._first.axes[0])}"

    def _redraw(self) -> None:
        if self._first.is_spectrum:
            self._plot.update_figure(self._figure())
        else:
            self._draw_images()

    def _choose_scale(self, event: Any) -> None:
        self._is_logarithmic = event.value == "log"
        self._redraw()

    def _choose_item(self, event: Any) -> None:
        self._item = int(event.value)
        self._redraw()

    def _choose_size(self, event: Any) -> None:
        self._compare.classes(remove=f"size-{self._size}", add=f"size-{event.value}")
        self._size = str(event.value)
        self._picture.style(replace=self._extent())

    def _extent(self) -> str:
        """Say in style how large an image is drawn."""
        rows, columns = self._first.values.shape[-2:]
        width = "" if self._size == "fit" else f"width: {columns * int(self._size)}px; "
        return f"{width}aspect-ratio: {columns} / {rows}"

    def _choose_span(self) -> None:
        low, high = self._from.value, self._to.value
        if low is None or high is None or low >= high:
            return
        span = (float(low), float(high))
        if span != (self._span or tuple(round(end, 6) for end in self._ends)):
            self._span = span
            self._redraw()

    def _show_all(self) -> None:
        self._show_span(None)

    def _zoomed(self, event: Any) -> None:
        """Follow a zoom by mouse: the values fill the height again."""
        said = event.args if isinstance(event.args, dict) else {}
        ends = said.get("xaxis.range") or [said.get("xaxis.range[0]"), said.get("xaxis.range[1]")]
        if said.get("xaxis.autorange"):
            self._show_span(None)
        elif isinstance(ends[0], int | float) and isinstance(ends[1], int | float):
            keeps_height = any(str(key).startswith("yaxis.range") for key in said)
            self._show_span((float(ends[0]), float(ends[1])), redraw=not keeps_height)

    def _show_span(self, span: tuple[float, float] | None, redraw: bool = True) -> None:
        self._span = span
        self._from.value, self._to.value = (round(end, 6) for end in span or self._ends)
        if redraw:
            self._redraw()

    def _draw_images(self) -> None:
        """Draw one image above the other; the slider cuts the upper one off."""
        shown = [each for each in (self._before, self._after) if each is not None]
        images = [each.values[self._item] for each in shown]
        scale = scale_of(images[0])
        rows, columns = images[0].shape
        self._place.clear()
        with (
            self._place,
            ui.element("div").classes("compare").style("--cut: 50%") as self._compare,
            ui.element("div").classes("frame").style(self._extent()) as self._picture,
        ):
            self._compare.classes(f"size-{self._size}").props('data-testid="compare"')
            for image, name in zip(images, ("measured", "denoised"), strict=False):
                ui.element("img").classes(name).props(
                    f'src="{picture(image, scale)}" alt="{name}, {rows} x {columns} pixels"'
                )
            if len(images) > 1:
                _slider()


def _slider() -> None:
    """Lay a slider over an image, so that the cut is where the pointer is; keys move it, too."""
    slider = ui.element("input").props('type="range" min="0" max="100" value="50"')
    slider.props('aria-label="Where the measured image ends and the denoised one begins"')
    slider.classes("cut").props('data-testid="cut"')
    for side, name in (("left", "measured"), ("right", "denoised")):
        ui.label(name).classes(f"side-{side}").props('aria-hidden="true"')
