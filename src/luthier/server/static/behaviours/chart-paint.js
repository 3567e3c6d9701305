// How a loss chart looks: its axes and lines, zones of its trend behind them, and marks of what happened.
import { count, loss } from "./figures.js";

const STEP_TICKS = [1, 2, 5].flatMap((digit) => [0, 1, 2, 3, 4, 5, 6].map((power) => digit * 10 ** power)).sort((a, b) => a - b);
const ZONES = { improving: "--series-3", flat: "--edge", rising: "--series-2" };
const MARKS = { checkpoint: "--series-3", alert: "--bad", state: "--ink-soft" };
const STRIPE = 5;

export function chartOptions(frame, { width, log, bucketSteps, hooks }) {
  const soft = colour(frame, "--ink-soft");
  const faint = colour(frame, "--series-faint");
  const axis = { stroke: soft, grid: { stroke: colour(frame, "--line"), width: 1 }, ticks: { show: false }, font: "12px JetBrains Mono" };
  const hidden = { show: true, stroke: "transparent", width: 0, points: { show: false } };
  return {
    width,
    height: width < 520 ? 230 : 300,
    cursor: { points: { size: 6 }, y: false, drag: { x: true, y: false, setScale: false } },
    legend: { live: true },
    scales: { x: { time: false }, y: log ? { distr: 3 } : { range: spread } },
    axes: [{ ...axis, label: "step", incrs: STEP_TICKS, values: (_, ticks) => ticks.map(count), labelSize: 18, labelFont: "12px Inter", size: 34 }, { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : String(Number(tick.toPrecision(3))))) }],
    bands: [{ series: [3, 4], fill: faint }],
    series: [
      { label: "step", value: (_, step) => (step === null || step === undefined ? "–" : around(step, bucketSteps())) },
      { label: "training loss", stroke: faint, width: 1, points: { show: false }, value },
      { label: "smoothed", stroke: colour(frame, "--series-1"), width: 2, points: { show: false }, value },
      { ...hidden, label: "highest", value },
      { ...hidden, label: "lowest", value },
      { label: "held-out loss", stroke: colour(frame, "--series-2"), width: 1.5, dash: [5, 4], spanGaps: true, points: { show: true, size: 7, fill: colour(frame, "--surface") }, value },
    ],
    hooks,
  };
}

// A line that is flat stands in the middle.
function spread(_, low, high) {
  return low === high ? [low - 0.5, low + 0.5] : uPlot.rangeNum(low, high, 0.1, true);
}

function around(step, width) {
  const half = (width - 1) / 2;
  return width > 1 ? `${count(step - half)} to ${count(step + half)}` : String(step);
}

function value(_, number) {
  return number === null || number === undefined ? "–" : loss(number);
}

// A faint field over the whole height, and a stripe along its upper edge.
export function paintZones(frame, chart, zones) {
  const { ctx, bbox } = chart;
  for (const { first_step, last_step, trend } of zones) {
    const left = Math.max(bbox.left, chart.valToPos(first_step, "x", true));
    const right = Math.min(bbox.left + bbox.width, chart.valToPos(last_step, "x", true));
    if (right <= left) continue;
    ctx.fillStyle = colour(frame, ZONES[trend]);
    ctx.globalAlpha = 0.12;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.globalAlpha = 1;
    const height = STRIPE * devicePixelRatio;
    ctx.fillRect(left, bbox.top, right - left, height);
  }
}

// A peg on the axis for a checkpoint, a flag from above for an alert, a line for a change of state.
export function paintMarks(frame, chart, marks) {
  const { ctx, bbox } = chart;
  for (const { step, kind } of marks) {
    const x = chart.valToPos(step, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.fillStyle = ctx.strokeStyle = colour(frame, MARKS[kind]);
    if (kind === "state") line(ctx, x, bbox);
    else peg(ctx, x, bbox, kind === "alert");
  }
}

function peg(ctx, x, bbox, fromAbove) {
  const size = 5 * devicePixelRatio;
  const foot = fromAbove ? bbox.top : bbox.top + bbox.height;
  const tip = fromAbove ? foot + 2 * size : foot - 2 * size;
  ctx.beginPath();
  ctx.moveTo(x, tip);
  ctx.lineTo(x + size, foot);
  ctx.lineTo(x - size, foot);
  ctx.fill();
}

function line(ctx, x, bbox) {
  ctx.save();
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

// A canvas needs a colour, not the name of one.
export function colour(frame, name) {
  frame.style.color = `var(${name})`;
  const found = getComputedStyle(frame).color;
  frame.style.color = "";
  return found;
}
