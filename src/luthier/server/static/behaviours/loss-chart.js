// The loss of a run as it comes: raw and smoothed training loss, held-out loss, checkpoints; linear or logarithmic.
import { loss } from "./figures.js";
import { Curve } from "./curve.js";

const STEP_TICKS = [1, 2, 5].flatMap((digit) => [0, 1, 2, 3, 4, 5, 6].map((power) => digit * 10 ** power)).sort((a, b) => a - b);

const frame = document.querySelector("[data-chart]");
const curve = new Curve();
let plot = null;
let redraw = null;

const read = (name) => frame.querySelector(`[name="${name}"]`);

start();

async function start() {
  const answer = await fetch(frame.dataset.chart);
  if (!answer.ok) return; // the picture that the server drew stays
  curve.load(await answer.json());
  const marks = await fetch(frame.dataset.marks);
  if (marks.ok) curve.loadMarks(await marks.json());
  if (curve.steps.length > 1) draw();
  read("smoothing").addEventListener("input", draw);
  read("log").addEventListener("change", draw);
  document.addEventListener("theme-changed", draw);
  new ResizeObserver(resize).observe(frame.querySelector("[data-canvas]"));
  listen("run-step", ({ step, loss }) => curve.addStep(step, loss));
  listen("run-held-out-loss", ({ step, loss }) => curve.addHeldOut(step, loss));
  listen("run-checkpoint", ({ step }) => curve.addMark(step));
}

function listen(kind, add) {
  document.body.addEventListener(kind, ({ detail }) => {
    add(detail.body);
    redraw ??= requestAnimationFrame(update); // many events, one picture
  });
}

function update() {
  redraw = null;
  if (curve.steps.length < 2) return;
  if (plot) plot.setData(curve.table(Number(read("smoothing").value)));
  else draw();
}

function draw() {
  if (curve.steps.length < 2) return;
  const place = frame.querySelector("[data-canvas]");
  plot?.destroy();
  place.replaceChildren();
  plot = new uPlot(options(place.clientWidth), curve.table(Number(read("smoothing").value)), place);
}

function resize([{ contentRect }]) {
  if (plot && contentRect.width > 0 && contentRect.width !== plot.width) {
    plot.setSize({ width: contentRect.width, height: plot.height });
  }
}

function options(width) {
  const soft = colour("--ink-soft");
  const axis = { stroke: soft, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px JetBrains Mono" };
  return {
    width,
    height: width < 520 ? 230 : 300,
    cursor: { points: { size: 6 }, y: false },
    legend: { live: true },
    scales: { x: { time: false }, y: { distr: read("log").checked ? 3 : 1 } },
    axes: [{ ...axis, label: "step", incrs: STEP_TICKS, labelSize: 18, labelFont: "12px Inter", size: 34 }, { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : String(Number(tick.toPrecision(3))))) }],
    series: [
      { label: "step", value: (_, step) => step ?? "–" },
      { label: "training loss", stroke: colour("--series-faint"), width: 1, points: { show: false }, value },
      { label: "smoothed", stroke: colour("--series-1"), width: 2, points: { show: false }, value },
      { label: "held-out loss", stroke: colour("--series-2"), width: 1.5, dash: [5, 4], spanGaps: true, points: { show: true, size: 7, fill: colour("--surface") }, value },
    ],
    hooks: { draw: [drawMarks] },
  };
}

function value(_, number) {
  return number === null || number === undefined ? "–" : loss(number);
}

// A small peg on the axis for each checkpoint.
function drawMarks(chart) {
  const { ctx, bbox } = chart;
  const size = 5 * devicePixelRatio;
  ctx.fillStyle = colour("--series-3");
  for (const step of curve.marks) {
    const x = chart.valToPos(step, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const foot = bbox.top + bbox.height;
    ctx.beginPath();
    ctx.moveTo(x, foot - 2 * size);
    ctx.lineTo(x + size, foot);
    ctx.lineTo(x - size, foot);
    ctx.fill();
  }
}

// A canvas needs a colour, not the name of one.
function colour(name) {
  frame.style.color = `var(${name})`;
  const found = getComputedStyle(frame).color;
  frame.style.color = "";
  return found;
}
