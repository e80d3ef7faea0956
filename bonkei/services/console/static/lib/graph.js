// A graph over time (uPlot). It is loaded when the first one is shown.
import { html, useEffect, useRef } from "./ui.js";
import { isDark } from "./colour.js";

let library;
function load() {
  library ??= Promise.all([
    import("../vendor/uplot.js"),
    new Promise((done) => {
      const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/vendor/uplot.css" });
      style.onload = done;
      document.head.append(style);
    }),
  ]).then(([module]) => module.default);
  return library;
}

// `times`: Unix seconds; `series`: { label, values, colour 1-6, fill }; `threshold`: { value, label }.
// `states`: an alarm's, [{ state, from, to }], as a strip above the lines.
// `band`: [from, to], a chosen time. `onZoom(from, to)`: hears of one that is dragged.
// `unit`: shown at the axis; `format(value)`; `label`: what a reader of the screen hears.
export function Graph({ times, series, threshold, states, unit = "", format, height = 120, label, min = 0, max, band, onZoom }) {
  const box = useRef();
  const plot = useRef();
  const shade = isDark.use();
  const shape = JSON.stringify([series.map((one) => [one.label, one.colour, one.fill]), threshold, unit, height, shade, min, max]);
  const newest = useRef();
  newest.current = { times, series, states, band, onZoom };
  useEffect(() => {
    let gone = false;
    const own = box.current;
    load().then((UPlot) => {
      if (gone) return;
      const now = newest.current;
      const options = optionsOf({ box: own, series: now.series, threshold, strip: () => newest.current.states || [], band: () => newest.current.band, unit, format, height, min, max, zoom: onZoom && ((a, b) => newest.current.onZoom(a, b)) });
      plot.current = new UPlot(options, [now.times, ...now.series.map((one) => one.values)], own);
    });
    const sized = new ResizeObserver(() => own.isConnected && plot.current?.setSize({ width: own.clientWidth, height }));
    sized.observe(own);
    return () => {
      gone = true;
      sized.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData([times, ...series.map((one) => one.values)]), [times, series, String(band)]);
  const last = series.map((one) => `${one.label}: ${(format || String)(one.values.findLast?.((v) => v !== null) ?? "–")}`).join(", ");
  return html`<div class="graph" role="img" aria-label=${`${label || ""} ${last}`} ref=${box}></div>`;
}

function optionsOf({ box, series, threshold, strip, band, unit, format, height, min, max, zoom }) {
  const style = getComputedStyle(document.documentElement);
  const get = (name) => resolved(box, style.getPropertyValue(name));
  const shown = format || ((value) => `${value}${unit}`);
  const axis = { stroke: get("--muted"), grid: { stroke: get("--hair"), width: 1 }, ticks: { show: false }, font: "11px system-ui", labelFont: "11px system-ui" };
  const top = (low, high) => [min ?? low, max ?? (Math.max(high ?? 0, threshold ? threshold.value * 1.1 : 0) * 1.1 || 1)];
  return {
    width: box.clientWidth || 300,
    height,
    legend: { show: false },
    cursor: { points: { size: 6 }, drag: { x: Boolean(zoom), y: false, setScale: false }, sync: { key: "bonkei" } },
    scales: { y: { range: (_, low, high) => top(low, high) } },
    axes: [
      { ...axis, size: 24, values: (_, times) => times.map((time) => moment(time, times.length > 1 ? times[1] - times[0] : 60)) },
      { ...axis, size: 52, values: (_, values) => values.map((value) => shown(value)) },
    ],
    series: [{}, ...series.map((one, index) => {
      const stroke = get(`--series-${one.colour || (index % 6) + 1}`);
      return { label: one.label, stroke, width: 1.5, points: { show: false }, fill: one.fill ? get(`--series-${one.colour || index + 1}-fill`) : undefined };
    })],
    hooks: {
      drawAxes: [(self) => band() && drawBand(self, band(), get("--series-2-fill"))],
      draw: [
        (self) => drawStates(self, strip(), { OK: get("--good"), ALARM: get("--bad"), INSUFFICIENT_DATA: get("--muted") }),
        (self) => threshold && drawThreshold(self, threshold, get("--bad")),
      ],
      setSelect: [(self) => {
        const { left, width } = self.select;
        if (width <= 4 || !zoom) return;
        zoom(self.posToVal(left, "x"), self.posToVal(left + width, "x"));
        self.setSelect({ left: 0, width: 0 }, false);
      }],
    },
    plugins: [tooltip(shown)],
  };
}

// A tick of the time axis; `step`: seconds from one to the next.
function moment(time, step) {
  const at = new Date(time * 1000);
  if (step >= 86_400) return at.toLocaleDateString(document.documentElement.lang || "en", { day: "numeric", month: "short" });
  return at.toLocaleTimeString("en-GB").slice(0, step < 60 ? 8 : 5);
}

// A custom property as a colour that a canvas takes, also where it is light-dark().
function resolved(box, value) {
  box.style.color = value;
  const found = getComputedStyle(box).color;
  box.style.color = "";
  return found;
}

function drawThreshold(plot, threshold, stroke) {
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(threshold.value, "y", true));
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.fillStyle = stroke;
  ctx.setLineDash([6, 4]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  ctx.font = `${11 * devicePixelRatio}px system-ui`;
  ctx.fillText(threshold.label || String(threshold.value), bbox.left + 6, y - 3);
  ctx.restore();
}

// Where a time is, or the edge beyond which it is.
function inside(plot, time) {
  const { left, width } = plot.bbox;
  return Math.min(left + width, Math.max(left, plot.valToPos(time, "x", true)));
}

function drawBand(plot, [from, to], fill) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = fill;
  const [left, right] = [inside(plot, from), inside(plot, to)];
  ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
  ctx.restore();
}

// Colour and word: a strip with the word of each state that is long enough for it.
function drawStates(plot, states, colours) {
  const { ctx, bbox } = plot;
  const size = 3 * devicePixelRatio;
  ctx.save();
  ctx.font = `${9 * devicePixelRatio}px system-ui`;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  for (const { state, from, to } of states) {
    const [left, right] = [inside(plot, from), inside(plot, to)];
    ctx.fillStyle = colours[state] || colours.INSUFFICIENT_DATA;
    ctx.fillRect(left, bbox.top, right - left, size);
    if (ctx.measureText(state).width + 8 < right - left) ctx.fillText(state, left + 4, bbox.top + size + 2);
  }
  ctx.restore();
}

function tooltip(shown) {
  let box;
  return {
    hooks: {
      init: (plot) => {
        box = Object.assign(document.createElement("div"), { className: "graph-tip", hidden: true });
        plot.over.append(box);
      },
      setCursor: (plot) => {
        const { idx, left } = plot.cursor;
        box.hidden = idx === null || idx === undefined || left < 0;
        if (box.hidden) return;
        box.replaceChildren(new Date(plot.data[0][idx] * 1000).toLocaleTimeString("en-GB"), ...plot.series.slice(1).map((one, index) => {
          const value = plot.data[index + 1][idx];
          const line = document.createElement("div");
          line.textContent = `${one.label} ${value === null || value === undefined ? "–" : shown(value)}`;
          return line;
        }));
        box.style.left = `${Math.min(left + 10, Math.max(0, plot.over.clientWidth - box.offsetWidth))}px`;
      },
    },
  };
}

// The runs of neighbours that have a value: lists of [index, value].
function runs(values) {
  const found = [];
  values.forEach((value, index) => {
    if (value === null || value === undefined) return;
    if (index > 0 && typeof values[index - 1] === "number") found.at(-1).push([index, value]);
    else found.push([[index, value]]);
  });
  return found;
}

// A line without axes, for a row of a table. `values`: numbers, or null for a gap in the line.
export function Spark({ values, max, width = 84, height = 20, kind = "" }) {
  const top = max || Math.max(1e-9, ...values.filter((one) => one !== null));
  const step = values.length > 1 ? width / (values.length - 1) : width;
  const x = (index) => (index * step).toFixed(1);
  const y = (value) => (height - 1 - (Math.min(value, top) / top) * (height - 2)).toFixed(1);
  const line = (run) => {
    const all = run.length > 1 ? run : [run[0], [run[0][0] + 0.5, run[0][1]]]; // one alone is short
    const points = all.map(([index, value]) => `${x(index)},${y(value)}`).join(" ");
    return html`<polygon points=${`${x(all[0][0])},${height} ${points} ${x(all.at(-1)[0])},${height}`} /><polyline points=${points} />`;
  };
  return html`<svg class=${`spark ${kind}`} width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} aria-hidden="true">
    ${values.length > 1 && runs(values).map(line)}</svg>`;
}
