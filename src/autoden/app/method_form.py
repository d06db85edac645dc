"""How to denoise: automatic with its budget, or an algorithm with its few important settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from nicegui import run, ui

from autoden.algorithms.registry import ALGORITHMS
from autoden.app.order import AUTOMATIC
from autoden.app.preview import Preview
from autoden.app.settings import Setting, gather, settings_of
from autoden.app.texts import text
from autoden.auto.budget import BUDGETS
from autoden.errors import AutodenError

Submit = Callable[[str, dict[str, tuple[str, ...]]], None]

_BUDGETS = {"fast": "a first look", "balanced": "the usual", "best": "several networks"}


class MethodForm:
    """The part of the page where the method is chosen.

    Parameters
    ----------
    submit : callable
        Called with the verb and the options of the command line.
    """

    def __init__(self, submit: Submit) -> None:
        self._submit = submit
        self._preview: Preview | None = None
        self._settings: tuple[Setting, ...] = ()
        self._fields: dict[str, Any] = {}
        names = {AUTOMATIC: "Automatic: takes the best method"}
        names |= {
            name: f"{name}: {kind.summary.split(':')[0]}" for name, kind in ALGORITHMS.items()
        }
        with ui.element("section").classes("card").props('aria-label="Method"'):
            text("h2", "Method")
            self._verb = ui.select(names, value=AUTOMATIC, label="Method", on_change=self._changed)
            self._verb.props("dense outlined options-dense").classes("wide").props(
                'data-testid="method"'
            )
            self._about = ui.label().classes("hint")
            self._rows = ui.element("div").classes("fields")
            self._error = (
                ui.label().classes("status error").props('role="alert" data-testid="method-error"')
            )
            self._go = ui.button("Denoise", on_click=self._ordered)
            self._go.props("unelevated no-caps").classes("wide go").props('data-testid="denoise"')
            self._go.disable()
        self._draw_automatic()

    async def offer(self, preview: Preview) -> None:
        """Offer what suits the data."""
        self._preview = preview
        self.say_error("")
        self._go.set_enabled(bool(preview.letters))
        if self._verb.value == preview.verb:
            await self._draw()
        else:
            self._verb.value = preview.verb  # which draws

    def say_error(self, text: str) -> None:
        """Say what is missing."""
        self._error.text = text

    async def _changed(self) -> None:
        self.say_error("")
        await self._draw()

    async def _draw(self) -> None:
        verb = self._verb.value
        if verb == AUTOMATIC:
            self._draw_automatic()
            return
        n_dims = self._preview.n_dims if self._preview and self._preview.letters else 2
        possible = ALGORITHMS[verb].n_dims
        n_dims = n_dims if n_dims in possible else possible[0]
        settings = await run.io_bound(settings_of, verb, n_dims)  # imports torch
        if verb != self._verb.value or settings is None:
            return  # another one was chosen meanwhile
        self._about.text = ALGORITHMS[verb].summary.partition(":")[2].strip().capitalize()
        self._settings = settings
        self._rows.clear()
        with self._rows:
            self._fields = {setting.flag: _field(setting) for setting in settings}

    def _draw_automatic(self) -> None:
        refusal = self._preview.refusal if self._preview else ""
        self._about.text = refusal or (
            "Filters and networks learn on one part of the data and are compared on another; the "
            "result says how sure it is."
        )
        names = {name: f"{name}: {_BUDGETS.get(name, '')}".rstrip(": ") for name in BUDGETS}
        seed = Setting("--seed", "Seed", "Same seed, same machine, same result.", "whole", "0")
        self._settings = (
            Setting("--budget", "Budget", "Time to spend.", "choice", "balanced", tuple(BUDGETS)),
            seed,
        )
        self._rows.clear()
        with self._rows:
            budget = ui.select(names, value="balanced", label="Budget")
            budget.props("dense outlined options-dense data-testid=budget")
            self._fields = {"--budget": budget, "--seed": _field(seed)}

    def _ordered(self) -> None:
        self.say_error("")
        given = {flag: field.value for flag, field in self._fields.items()}
        for setting in self._settings:
            if setting.kind == "file" and given[setting.flag]:
                given[setting.flag] = str(Path(given[setting.flag]).expanduser().absolute())
        try:
            options = gather(self._settings, given)
        except AutodenError as error:
            self.say_error(str(error))
            return
        self._submit(self._verb.value, options)


def _field(setting: Setting) -> Any:
    """Make the field of a setting; it is empty where the default holds, which it shows."""
    field: Any
    if setting.kind == "switch":
        field = ui.checkbox(setting.label, value=setting.default == "True")
    elif setting.kind == "choice":
        options = list(setting.choices)
        field = ui.select(options, value=setting.default or None, label=setting.label)
        field.props("dense outlined options-dense")
    else:
        label = f"{setting.label} (path)" if setting.kind == "file" else setting.label
        field = ui.input(label, placeholder=setting.default).props("dense outlined stack-label")
        if setting.kind in ("whole", "number"):
            field.props("inputmode=decimal")
    with field:
        ui.tooltip(setting.help).props("delay=600 max-width=18rem")
    return field.props(f'data-testid="setting{setting.flag}"').classes(
        "span" if setting.kind == "file" else ""
    )
