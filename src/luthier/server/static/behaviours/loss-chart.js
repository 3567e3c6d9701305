// The loss of a run as it comes: buckets of the stretch in view, zones of its trend, and marks of what happened.
import { chartOptions, paintMarks, paintZones } from "./chart-paint.js";
import { count } from "./figures.js";
import { Curve } from "./curve.js";

const MOST_FRESH = 500; // steps drawn one by one before the server is asked for buckets again
const REST = 20; // times as long as the server took, until it is asked again
const LEAST_REST_MS = 5_000;

const frame = document.querySelector("[data-chart]");
const curve = new Curve();
let marks = [];
let plot = null;
let redraw = null;
let view = null; // [first, last] step in view; null shows the whole run
let asking = null;
let askAfter = 0;

const read = (name) => frame.querySelector(`[name="${name}"]`);

start();

async function start() {
  listen("run-step", ({ step, loss }) => view === null && curve.addStep(step, loss));
  listen("run-held-out-loss", ({ step, loss }) => view === null && curve.addHeldOut(step, loss));
  for (const kind of ["run-checkpoint", "run-alert", "run-state"]) listen(kind, () => askMarks());
  read("smoothing").addEventListener("input", draw);
  read("log").addEventListener("change", draw);
  read("span").addEventListener("change", () => look(spanned(read("span").value)));
  document.addEventListener("theme-changed", draw);
  new ResizeObserver(resize).observe(frame.querySelector("[data-canvas]"));
  await Promise.all([ask(), askMarks()]);
  draw();
}

// Brings the buckets of the view; a newer wish makes an older answer void.
async function ask() {
  asking?.abort();
  const mine = (asking = new AbortController());
  const address = new URL(frame.dataset.chart, location.href);
  address.searchParams.set("buckets", Math.max(200, Math.min(2000, frame.clientWidth)));
  if (view) {
    address.searchParams.set("first_step", view[0]);
    address.searchParams.set("last_step", view[1]);
  }
  const began = performance.now();
  askAfter = began + LEAST_REST_MS;
  try {
    const answer = await fetch(address, { signal: mine.signal });
    if (!answer.ok) return false;
    curve.load(await answer.json(), view !== null);
  } catch {
    return false; // a newer wish, or the server is away: the page says so, and what is drawn stays
  }
  askAfter = performance.now() + Math.max(LEAST_REST_MS, REST * (performance.now() - began));
  frame.dataset.bucketSteps = curve.width;
  sayTrend();
  return true;
}

async function askMarks() {
  const answer = await fetch(frame.dataset.marks).catch(() => null);
  if (answer?.ok) marks = await answer.json();
}

async function look(range) {
  view = range;
  if (range === null) read("span").value = "1";
  if (await ask()) draw();
}

function spanned(share) {
  if (share === "1") return null;
  const last = Number(frame.dataset.lastStep) > curve.last ? Number(frame.dataset.lastStep) : curve.last;
  return [Math.max(0, Math.floor(last * (1 - Number(share)))), last];
}

function listen(kind, add) {
  document.body.addEventListener(kind, async ({ detail }) => {
    await add(detail.body);
    redraw ??= requestAnimationFrame(update); // many events, one picture
  });
}

async function update() {
  redraw = null;
  const due = view === null && performance.now() > askAfter && curve.fresh > 0;
  if (due || curve.fresh > MOST_FRESH) await ask();
  if (plot && curve.length > 1) plot.setData(curve.table(Number(read("smoothing").value)));
  else draw();
}

function draw() {
  if (curve.length < 2 || !frame.dataset.bucketSteps) return; // the picture that the server drew stays
  const place = frame.querySelector("[data-canvas]");
  plot?.destroy();
  place.replaceChildren();
  plot = new uPlot(options(), curve.table(Number(read("smoothing").value)), place);
  plot.over.addEventListener("dblclick", () => look(null));
}

function resize([{ contentRect }]) {
  if (plot && contentRect.width > 0 && contentRect.width !== plot.width) {
    plot.setSize({ width: contentRect.width, height: plot.height });
  }
}

// Dragging over a stretch asks the server for it, so that it comes in finer buckets.
function chosen(chart) {
  const { left, width } = chart.select;
  if (width < 4) return;
  const [first, last] = [left, left + width].map((x) => Math.round(chart.posToVal(x, "x")));
  chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  if (last > first) look([Math.max(0, first), last]);
}

function options() {
  const width = frame.querySelector("[data-canvas]").clientWidth;
  const hooks = {
    drawClear: [(chart) => paintZones(frame, chart, curve.zones)],
    draw: [(chart) => paintMarks(frame, chart, marks)],
    setSelect: [chosen],
    setCursor: [sayMark],
  };
  return chartOptions(frame, { width, log: read("log").checked, bucketSteps: () => curve.width, hooks });
}

// What happened near the pointer, in words.
function sayMark(chart) {
  const place = frame.querySelector("[data-mark]");
  const { left } = chart.cursor;
  const near = left >= 0 ? marks.find(({ step }) => Math.abs(chart.valToPos(step, "x") - left) < 6) : null;
  place.textContent = near ? `Step ${count(near.step)}: ${near.label}` : place.dataset.mark;
}

function sayTrend() {
  const newest = curve.zones.at(-1);
  frame.querySelector("[data-trend]").textContent = newest ? `${newest.trend} since step ${count(newest.first_step)}` : "";
  frame.querySelector("[data-trend]").dataset.trend = newest?.trend ?? "";
}
