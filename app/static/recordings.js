// The page of a recording. Without this script the browser's own player and plain forms do; with it there are the
// waveform, speed, skipping of silence, keys, and notes that leave the player alone.
import Regions from "/static/libraries/wavesurfer-regions.js";
import { colours, drawWaveform } from "/static/waveform.js";

const SILENT = 0.02; // of full scale
const SHORTEST_S = 1; // silence that is skipped
const MARGIN_S = 0.25; // of it that stays, on both sides
const STEP_S = 5;
const LEAP_S = 10;

const audio = document.getElementById("sound");
const speed = document.getElementById("speed");
const skipping = document.getElementById("skip-silence");
const keys = document.getElementById("keys");
let silences = [];
let redraw = () => {};

for (const each of document.querySelectorAll(".controls")) each.hidden = false;

function remember(control, name, property) {
  try {
    const before = localStorage.getItem(name);
    if (before !== null) control[property] = property === "checked" ? before === "true" : before;
    control.addEventListener("change", () => localStorage.setItem(name, String(control[property])));
  } catch {
    // A browser that keeps nothing begins anew each time.
  }
}

remember(speed, "eskertu-speed", "value");
remember(keys, "eskertu-keys", "checked");
if (skipping) remember(skipping, "eskertu-skip-silence", "checked");

function hasten() {
  audio.preservesPitch = true;
  audio.playbackRate = Number(speed.value) || 1;
}
speed.addEventListener("change", hasten);
audio.addEventListener("loadedmetadata", hasten);
hasten();

function seek(to) {
  const end = Number.isFinite(audio.duration) ? audio.duration : to;
  audio.currentTime = Math.max(0, Math.min(to, end));
}

function play() {
  // Whoever pauses before it has begun means it: that is no error.
  audio.play().catch(() => {});
}

function toggle() {
  if (audio.paused) play();
  else audio.pause();
}

// By the place of the key, not by its letter: J, K and L are О, Л and Д on a Russian keyboard.
const BY_KEY = {
  Space: toggle,
  KeyK: toggle,
  ArrowLeft: () => seek(audio.currentTime - STEP_S),
  ArrowRight: () => seek(audio.currentTime + STEP_S),
  KeyJ: () => seek(audio.currentTime - LEAP_S),
  KeyL: () => seek(audio.currentTime + LEAP_S),
  KeyN: () => document.querySelector(".note [name=text]")?.focus(),
};

document.addEventListener("keydown", (event) => {
  const act = BY_KEY[event.code];
  if (!act || !keys.checked || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, textarea, select, audio, [contenteditable]")) return;
  if (event.code === "Space" && event.target.closest("a, button, summary")) return;
  event.preventDefault();
  act();
});

document.addEventListener("click", (event) => {
  const moment = event.target.closest("a[data-at]");
  if (!moment) return;
  event.preventDefault();
  seek(Number(moment.dataset.at));
  play();
});

function written(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

// Who begins to write a note means the moment that is heard now.
document.addEventListener("focusin", (event) => {
  if (!event.target.matches(".note [name=text]") || event.target.value) return;
  event.target.form.elements.at.value = written(audio.currentTime);
});

// Notes come and go without leaving the page: what plays goes on, and answers that are not saved yet stay.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const part = form.dataset.part;
  if (!part) return;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(part);
    if (!fresh) throw new Error(String(answer.status));
    document.getElementById(part).replaceWith(fresh);
    fresh.querySelector(".note [name=text]")?.focus();
    redraw();
  } catch {
    // The plain way: the browser shows whatever comes.
    form.submit();
  }
});

audio.addEventListener("timeupdate", () => {
  if (!skipping?.checked || audio.paused) return;
  const now = audio.currentTime;
  const here = silences.find(([from, to]) => now >= from && now < to);
  if (here) seek(here[1]);
});

function silencesOf({ channels, full, seconds_per_peak: step }) {
  const found = [];
  const count = channels.length ? channels[0].length : 0;
  let from = null;
  for (let index = 0; index <= count; index += 1) {
    const silent = index < count && channels.every((channel) => channel[index] / full < SILENT);
    if (silent && from === null) from = index;
    if (!silent && from !== null) {
      if ((index - from) * step >= SHORTEST_S) found.push([from * step + MARGIN_S, index * step - MARGIN_S]);
      from = null;
    }
  }
  return found;
}

async function draw(container) {
  const regions = Regions.create();
  redraw = () => {
    regions.clearRegions();
    for (const mark of document.querySelectorAll("a[data-at]")) {
      const { at, until } = mark.dataset;
      regions.addRegion({
        start: Number(at),
        ...(until ? { end: Number(until) } : {}),
        color: until ? `${colours().mark}55` : colours().mark,
        drag: false,
        resize: false,
      });
    }
  };
  const told = await drawWaveform(container, audio, regions, redraw);
  if (!told) return;
  silences = silencesOf(told);
  container.dataset.drawn = "yes";
}

const container = document.getElementById("waveform");
if (container) draw(container);
