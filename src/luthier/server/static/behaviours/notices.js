// Shows and sounds notices while a page is open: once, however many pages of this browser are.
const SHOW = "luthier-notices";
const SOUND = "luthier-notice-sound";
const SEEN = "luthier-notice-seen";

export function tell(event) {
  const notice = { ...event.body, run_id: event.run_id };
  if (notice.quiet && notice.urgency !== "urgent") return;
  navigator.locks.request(SEEN, () => {
    if (Number(localStorage.getItem(SEEN) ?? 0) >= event.seq) return; // another page was quicker
    localStorage.setItem(SEEN, event.seq);
    if (localStorage.getItem(SHOW) === "on") show(notice);
    if (localStorage.getItem(SOUND) === "on") sound(notice.urgency);
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
