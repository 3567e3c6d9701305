// Shows and sounds notices while a page is open: once, however many pages of this browser are.
const SHOW = "luthier-notices";
const SOUND = "luthier-notice-sound";

export function tell(event) {
  const notice = { ...event.body, run_id: event.run_id };
  if (notice.quiet && notice.urgency !== "urgent") return;
  // What one page keeps in the storage another may see late; a lock is had by one of them for certain. It is
  // kept while that page is open, so that a page which hears of the notice an hour late is silent as well.
  navigator.locks.request(`luthier-notice-${event.seq}`, { ifAvailable: true }, (lock) => {
    if (!lock) return undefined; // another page was quicker
    if (localStorage.getItem(SHOW) === "on") show(notice);
    if (localStorage.getItem(SOUND) === "on") sound(notice.urgency);
    return new Promise(() => {});
  });
}

function show(notice) {
  if (globalThis.Notification?.permission !== "granted") return;
  const shown = new Notification(notice.title, { body: notice.sentence, tag: notice.notice_id });
  shown.addEventListener("click", () => {
    focus();
    if (notice.run_id) location.assign(`/runs/${notice.run_id}`);
  });
}

// Two soft tones; three when it is urgent. A browser that was not clicked on yet stays silent.
export function sound(urgency) {
  const context = new AudioContext();
  const tones = urgency === "urgent" ? [660, 880, 660] : [660, 880];
  tones.forEach((pitch, place) => {
    const tone = context.createOscillator();
    const level = context.createGain();
    const begin = context.currentTime + 0.16 * place;
    tone.frequency.value = pitch;
    level.gain.setValueAtTime(0.12, begin);
    level.gain.exponentialRampToValueAtTime(0.001, begin + 0.15);
    tone.connect(level).connect(context.destination);
    tone.start(begin);
    tone.stop(begin + 0.15);
  });
  setTimeout(() => context.close(), 1000);
}
