// Whether this browser shows notices and makes a sound; the choice stays in this browser.
import { sound } from "./notices.js";

const button = document.querySelector("[data-browser-notices]");
const state = document.querySelector("[data-browser-state]");
const hears = document.querySelector("[data-browser-sound]");

hears.checked = localStorage.getItem("luthier-notice-sound") === "on";
hears.addEventListener("change", () => {
  localStorage.setItem("luthier-notice-sound", hears.checked ? "on" : "off");
  if (hears.checked) sound("normal");
});
button.addEventListener("click", async () => {
  const on = localStorage.getItem("luthier-notices") === "on" && Notification.permission === "granted";
  if (on) localStorage.setItem("luthier-notices", "off");
  else if ((await Notification.requestPermission()) === "granted") localStorage.setItem("luthier-notices", "on");
  say();
});
say();

function say() {
  const permission = globalThis.Notification?.permission;
  button.hidden = permission === undefined || permission === "denied";
  const on = permission === "granted" && localStorage.getItem("luthier-notices") === "on";
  button.textContent = on ? "Show no more notices here" : "Show notices in this browser";
  if (permission === undefined) state.textContent = "This browser cannot show notices.";
  else if (permission === "denied") state.textContent = "The browser blocks notices of this page; its settings of the site can allow them.";
  else state.textContent = on ? "Notices are shown here." : "Notices are not shown here.";
}
