// The data of a loss chart: buckets as the server made them, and behind them the steps that came since.
export class Curve {
  width = 1; // steps in one bucket; 1 shows every step as it was measured
  zones = [];
  #rows = new Map(); // step -> {loss, low, high, heldOut}
  #last = -1; // newest step of the training loss
  #fresh = []; // {step, loss} that came since the buckets were made

  // Of the steps that came, those stay that the buckets do not hold yet; none where the buckets are of a stretch.
  load(curves, ofStretch) {
    const came = ofStretch ? [] : this.#fresh;
    this.#rows = new Map();
    this.#last = -1;
    this.#fresh = [];
    this.zones = [];
    for (const { name, bucket_steps, buckets, zones } of curves) {
      this.width = bucket_steps;
      if (name === "loss") this.zones = zones;
      for (const [first, last, , mean, low, high] of buckets) {
        const row = this.#row((first + last) / 2);
        if (name === "loss") {
          Object.assign(row, { loss: mean, low, high });
          this.#last = Math.max(this.#last, last);
        } else row.heldOut = mean;
      }
    }
    for (const { step, loss } of came) if (step > this.#last) this.addStep(step, loss);
  }

  // A step that comes twice (after a resume) replaces itself where every step is drawn, and waits elsewhere.
  addStep(step, loss) {
    if (step <= this.#last && this.width > 1) return;
    Object.assign(this.#row(step), { loss, low: loss, high: loss });
    this.#last = Math.max(this.#last, step);
    this.#fresh.push({ step, loss });
  }

  addHeldOut(step, loss) {
    this.#row(step).heldOut = loss;
  }

  get fresh() {
    return this.#fresh.length;
  }

  get last() {
    return this.#last;
  }

  get length() {
    return this.#rows.size;
  }

  // Columns: steps, mean, smoothed, highest, lowest, held out. Smoothing is an exponential mean, corrected for its start.
  table(smoothing) {
    const steps = [...this.#rows.keys()].sort((a, b) => a - b);
    const column = (name) => steps.map((step) => this.#rows.get(step)[name] ?? null);
    const means = column("loss");
    let mean = 0;
    let weight = 0;
    const smoothed = means.map((loss) => {
      if (loss === null) return null;
      mean = smoothing * mean + (1 - smoothing) * loss;
      weight = smoothing * weight + (1 - smoothing);
      return mean / weight;
    });
    return [steps, means, smoothed, column("high"), column("low"), column("heldOut")];
  }

  #row(step) {
    if (!this.#rows.has(step)) this.#rows.set(step, {});
    return this.#rows.get(step);
  }
}
