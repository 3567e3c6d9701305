// Curves of several runs over one axis; each has its colour and its dash, so that neither alone has to tell them apart.
import { count, loss, timeSpan } from "./figures.js";

const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5]];
const AXES = { step: "step", tokens: "tokens", seconds: "seconds of training" };

const frame = document.querySelector("[data-compare]");
const names = new Map([...frame.querySelectorAll("[data-run]")].map(({ dataset }) => [dataset.run, dataset.name]));
const place = frame.querySelector("[data-canvas]");
const read = (name) => frame.querySelector(`[name="${name}"]`);
let curves = [];
let plot = null;
let asked = 0;

for (const name of ["metric", "axis"]) read(name).addEventListener("change", fetchCurves);
for (const name of ["share", "log"]) read(name).addEventListener("change", draw);
document.addEventListener("theme-changed", draw);
new ResizeObserver(([{ contentRect }]) => {
  if (plot && contentRect.width > 0 && contentRect.width !== plot.width) plot.setSize({ width: contentRect.width, height: plot.height });
}).observe(place);
fetchCurves();

async function fetchCurves() {
  const turn = ++asked;
  const answer = await fetch(`${frame.dataset.compare}&name=${read("metric").value}&axis=${read("axis").value}`);
  const found = answer.ok ? await answer.json() : null;
  if (turn !== asked) return; // something else was chosen meanwhile
  curves = found ?? [];
  draw();
}

function draw() {
  const drawn = curves.filter(({ points }) => points.length > 1);
  const missing = curves.filter(({ points }) => points.length <= 1).map(({ run_id }) => names.get(run_id));
  frame.querySelector("[data-said]").textContent = missing.length ? `Nothing to draw of ${missing.join(", ")} over this axis.` : "";
  plot?.destroy();
  plot = null;
  place.replaceChildren();
  if (drawn.length) plot = new uPlot(options(), columns(), place);
}

// One column of places for all, as uPlot wants it; each curve has values only at its own.
function columns() {
  const scaled = curves.map(({ points }) => {
    const end = points.at(-1)?.[0] || 1;
    return new Map(points.map(([at, value]) => [read("share").checked ? at / end : at, value]));
  });
  const places = [...new Set(scaled.flatMap((curve) => [...curve.keys()]))].sort((a, b) => a - b);
  return [places, ...scaled.map((curve) => places.map((at) => (curve.has(at) ? curve.get(at) : undefined)))];
}

function options() {
  const soft = colour("--ink-soft");
  const axis = { stroke: soft, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px JetBrains Mono" };
  const label = read("share").checked ? "share of its training" : AXES[read("axis").value];
  return {
    width: place.clientWidth,
    height: place.clientWidth < 520 ? 240 : 320,
    cursor: { points: { size: 6 }, y: false },
    scales: { x: { time: false }, y: { distr: read("log").checked ? 3 : 1 } },
    axes: [
      { ...axis, label, labelSize: 18, labelFont: "12px Inter", size: 34, values: (_, ticks) => ticks.map((at) => shownPlace(at)) },
      { ...axis, size: 62, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : String(Number(tick.toPrecision(3))))) },
    ],
    series: [
      { label, value: (_, at) => (at === null || at === undefined ? "–" : shownPlace(at)) },
      ...curves.map(({ run_id }, at) => ({ label: names.get(run_id), stroke: colour(`--series-${at + 1}`), dash: DASHES[at], width: 2, spanGaps: true, points: { show: false }, value })),
    ],
  };
}

function shownPlace(at) {
  if (read("share").checked) return `${Math.round(100 * at)} %`;
  return read("axis").value === "seconds" ? timeSpan(at, at) : count(at);
}

function value(_, number) {
  if (number === null || number === undefined) return "–";
  return read("metric").value.endsWith("loss") ? loss(number) : String(Number(number.toPrecision(4)));
}

function colour(name) {
  frame.style.color = `var(${name})`;
  const found = getComputedStyle(frame).color;
  frame.style.color = "";
  return found;
}
