// How a loss chart looks: its axes, its lines, and how their values are said.
import { colour } from "./chart-paint.js";
import { count, loss } from "./figures.js";

const STEP_TICKS = [1, 2, 5].flatMap((digit) => [0, 1, 2, 3, 4, 5, 6].map((power) => digit * 10 ** power)).sort((a, b) => a - b);

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
    scales: { x: { time: false }, y: { distr: log ? 3 : 1 } },
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

function around(step, width) {
  const half = (width - 1) / 2;
  return width > 1 ? `${count(step - half)} to ${count(step + half)}` : String(step);
}

function value(_, number) {
  return number === null || number === undefined ? "–" : loss(number);
}
