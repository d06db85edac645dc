// Draws the figure of the page: the sample and the scale that the reader chose, and the range.
// What the figure looks like comes from the page (report/chart.py).
(() => {
  "use strict";
  const given = JSON.parse(document.getElementById("numbers").textContent);
  const plot = document.getElementById("plot");
  const menu = document.getElementById("sample");
  const scales = [...document.querySelectorAll("button[data-scale]")];
  const config = {
    displaylogo: false,
    doubleClick: false,
    responsive: true,
    showTips: false,
    plotlyServerURL: "",
    displayModeBar: plot.clientWidth < 600 ? false : "hover",
    modeBarButtons: [["toImage"], ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d"]],
    toImageButtonOptions: { format: "png", scale: 3, filename: "spectrum" },
  };
  const state = { sample: 0, scale: "linear", x: null };

  const known = (v) => v !== null && v !== undefined;
  const shifted = (y, sigma, sign) =>
    y.map((v, i) => (known(v) && known(sigma[i]) ? v + sign * sigma[i] : null));

  // A value and its uncertainty, both to the second digit of the uncertainty.
  const said = (v, sigma) => {
    if (!known(v)) return "unknown";
    if (!known(sigma) || !(sigma > 0)) return String(Number(v.toPrecision(4)));
    const digits = Math.min(8, Math.max(0, 1 - Math.floor(Math.log10(sigma))));
    return `${v.toFixed(digits)} ± ${sigma.toFixed(digits)}`;
  };

  for (const s of given.spectra) {
    s.lower = shifted(s.estimate, s.sigma, -1);
    s.upper = shifted(s.estimate, s.sigma, +1);
    s.said = given.x.map((_, i) => [
      said(s.estimate[i], s.sigma[i]),
      said(s.measured[i]),
      s.reference ? said(s.reference[i]) : "",
    ]);
  }

  // On a logarithmic scale, what is at or below the floor is drawn at the floor.
  const drawn = (s, name) =>
    state.scale === "log" && name !== "residuals"
      ? s[name].map((v) => (known(v) ? Math.max(v, s.floor) : null))
      : s[name];

  const whole = () => {
    let [low, high] = [given.x[0], given.x[given.x.length - 1]].sort((a, b) => a - b);
    const half = given.x.length > 1 ? (high - low) / (given.x.length - 1) / 2 : 0.5;
    return [low - half, high + half];
  };

  const extent = (lists, [from, to]) => {
    let low = Infinity;
    let high = -Infinity;
    for (const y of lists) {
      for (let i = 0; i < y.length; i++) {
        if (known(y[i]) && given.x[i] >= from && given.x[i] <= to) {
          if (y[i] < low) low = y[i];
          if (y[i] > high) high = y[i];
        }
      }
    }
    return low <= high ? [low, high] : [0, 1];
  };

  // The ranges of both panels follow what is in the chosen range of the axis.
  const ranges = (x) => {
    const s = given.spectra[state.sample];
    const names = ["measured", "upper", "lower", "estimate", "reference"].filter((n) => s[n]);
    let [low, high] = extent(names.map((n) => drawn(s, n)), x);
    if (state.scale === "log") {
      const room = 0.04 * Math.log10(high / low) + 0.01;
      low = Math.log10(low) - room;
      high = Math.log10(high) + room;
    } else {
      const floor = low < 0 || low > 0.6 * high ? low : 0;
      const room = 0.04 * (high - floor) || 0.5;
      low = floor === 0 ? 0 : floor - room;
      high += room;
    }
    const most = s.residuals ? Math.max(...extent([s.residuals], x).map(Math.abs)) : 0;
    const reach = Math.max(4, 1.1 * most);
    return { y: [low, high], y2: [-reach, reach] };
  };

  const draw = () => {
    const s = given.spectra[state.sample];
    const data = given.traces.map((trace) => ({
      ...trace,
      x: given.x,
      y: drawn(s, trace.meta),
      customdata: trace.meta === "estimate" ? s.said : undefined,
    }));
    const layout = structuredClone(given.layout);
    const x = state.x || whole();
    const { y, y2 } = ranges(x);
    layout.xaxis.range = [...x];
    layout.yaxis.type = state.scale;
    layout.yaxis.range = y;
    if (layout.yaxis2) layout.yaxis2.range = y2;
    if (plot.clientWidth < 600) {
      layout.font.size = 11;
      layout.xaxis.nticks = 6;
      layout.yaxis.nticks = 6;
    }
    plot.setAttribute("aria-label", s.description);
    return Plotly.react(plot, data, layout, config);
  };

  for (const button of scales) {
    button.addEventListener("click", () => {
      state.scale = button.dataset.scale;
      for (const b of scales) b.setAttribute("aria-pressed", String(b === button));
      draw();
    });
  }
  const showAll = () => {
    state.x = null;
    draw();
  };
  document.getElementById("all").addEventListener("click", showAll);
  if (menu) {
    menu.addEventListener("change", () => {
      state.sample = menu.selectedIndex;
      draw();
    });
  }

  draw().then(() => {
    plot.on("plotly_doubleclick", showAll);
    plot.on("plotly_relayout", (change) => {
      const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      if (range[0] === undefined) return;
      state.x = range.map(Number);
      const chosenHeight = Object.keys(change).some((key) => key.startsWith("yaxis.range"));
      if (!chosenHeight) draw();
    });
  });

  // Paper is narrower than the window, and the figure does not know it.
  const print = window.matchMedia("print");
  const fit = (width) => Plotly.relayout(plot, { autosize: width === null, width });
  window.addEventListener("beforeprint", () => fit(660));
  window.addEventListener("afterprint", () => fit(null));
  if (print.matches) fit(660);
})();
