// The data of a loss chart: what each step measured, in the columns that uPlot draws.
export class Curve {
  steps = [];
  #losses = [];
  #heldOut = new Map();
  #at = new Map(); // step -> index, so that a step that comes twice (after a resume) replaces itself
  marks = new Set();

  load(series) {
    const add = { loss: this.addStep, held_out_loss: this.addHeldOut };
    for (const { name, points } of series) {
      for (const [step, value] of points) add[name].call(this, step, value);
    }
  }

  loadMarks(checkpoints) {
    for (const { step } of checkpoints) this.marks.add(step);
  }

  addStep(step, loss) {
    const index = this.#row(step);
    this.#losses[index] = loss;
  }

  addHeldOut(step, loss) {
    this.#row(step);
    this.#heldOut.set(step, loss);
  }

  addMark(step) {
    this.marks.add(step);
  }

  // Columns: steps, raw, smoothed, held out. Smoothing is an exponential mean, corrected for its start.
  table(smoothing) {
    let mean = 0;
    let weight = 0;
    const smoothed = this.#losses.map((loss) => {
      if (loss === null) return null;
      mean = smoothing * mean + (1 - smoothing) * loss;
      weight = smoothing * weight + (1 - smoothing);
      return mean / weight;
    });
    return [this.steps, this.#losses, smoothed, this.steps.map((step) => this.#heldOut.get(step) ?? null)];
  }

  #row(step) {
    const known = this.#at.get(step);
    if (known !== undefined) return known;
    const last = this.steps.at(-1) ?? -1;
    if (step > last) {
      this.steps.push(step);
      this.#losses.push(null);
      this.#at.set(step, this.steps.length - 1);
      return this.steps.length - 1;
    }
    const index = this.steps.findIndex((other) => other > step);
    this.steps.splice(index, 0, step);
    this.#losses.splice(index, 0, null);
    this.steps.forEach((other, place) => this.#at.set(other, place));
    return index;
  }
}
