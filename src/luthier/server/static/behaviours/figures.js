// How numbers are shown, in the words that the server uses (luthier/kit/units.py).
const THIN = "\u202f";

export function count(number) {
  return Math.round(number).toString().replace(/\B(?=(\d{3})+$)/g, THIN);
}

export function loss(number) {
  return number < 1 ? number.toFixed(4) : number.toFixed(3);
}

export function rate(tokensPerSecond) {
  return `${count(tokensPerSecond)} tok/s`;
}

export function bytes(number) {
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (number < 1000) return `${unit === "B" || number >= 100 ? number.toFixed(0) : number.toFixed(1)} ${unit}`;
    number /= 1000;
  }
  return `${number.toFixed(1)} TB`;
}

export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

// A range of seconds in the unit of its upper end.
export function timeSpan(low, high) {
  const [unit, seconds, digits] = high < 90 ? ["s", 1, 0] : high < 5400 ? ["min", 60, 1] : ["h", 3600, 1];
  const [first, last] = [low, high].map((end) => (end / seconds).toFixed(digits));
  return first === last ? `about ${last} ${unit}` : `${first} to ${last} ${unit}`;
}
