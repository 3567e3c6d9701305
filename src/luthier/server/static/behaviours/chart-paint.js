// What a loss chart carries beside its lines: zones of its trend behind them, and marks of what happened.
const ZONES = { improving: "--series-3", flat: "--edge", rising: "--series-2" };
const MARKS = { checkpoint: "--series-3", alert: "--bad", state: "--ink-soft" };
const STRIPE = 5;

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
