// A camera's day: plays it hour by hour, over gaps; its line is clicked, dragged and walked through by keys. Without
// this script a span is marked by typed times, and the line and the gaps are read as they stand.
import Hls from "/static/libraries/hls.js";
import { Glance } from "/static/footage_glance.js";

const HOUR = 3600_000;
const STEP_S = 5;
const LEAP_S = 10;
const FRAME_S = 1 / 25;
const SLIGHT = 24; // of 255: less is not called motion
const CALM_MS = 3000;

const player = document.getElementById("player");
const video = document.getElementById("video");
const line = document.getElementById("line");
const says = document.getElementById("says");
const words = document.getElementById("words").dataset;
const { camera, day, zone } = player.dataset;
const begin = Number(line.dataset.begin);
const end = Number(line.dataset.end);
const fields = { from: document.getElementById("from"), to: document.getElementById("to") };
const glance = new Glance(document.getElementById("glance"), camera);
const shown = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", timeStyle: "medium" });
const parts = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
  hour: "2-digit", minute: "2-digit", second: "2-digit",
});

let told = { recorded: [], gaps: [], motion: [] };
let hls = null;
let loaded = null; // the hour that is being played: { from, fragments }
let wanted = null; // where to go once it is loaded, and whether to play then
let view = { from: 0, minutes: (end - begin) / 60_000 };

const moment = (at) => new Date(at).toISOString();

function typed(at) {
  const found = Object.fromEntries(parts.formatToParts(at).map((part) => [part.type, part.value]));
  return `${found.year}-${found.month}-${found.day}T${found.hour}:${found.minute}:${found.second}`;
}

// --- Time: the player's seconds and the clock on the wall.

function now() {
  const fragment = loaded?.fragments?.findLast((each) => each.start <= video.currentTime + 0.001) ?? loaded?.fragments?.[0];
  return fragment ? fragment.programDateTime + (video.currentTime - fragment.start) * 1000 : wanted?.at ?? begin;
}

function place(at) {
  const fragments = loaded?.fragments;
  if (!fragments?.length) return null;
  const fragment = fragments.find((each) => at < each.programDateTime + each.duration * 1000);
  if (!fragment) return null;
  return fragment.start + Math.max(0, at - fragment.programDateTime) / 1000;
}

const following = (at) => told.recorded.find((each) => each.to > at + 1);

function say(what) {
  says.textContent = what ?? "";
}

function go(at, play = !video.paused) {
  const there = following(Math.max(begin, at));
  if (!there) return say(words.nothing);
  at = Math.max(at, there.from);
  if (loaded && at >= loaded.from && at < loaded.from + HOUR && loaded.fragments) {
    const second = place(at);
    if (second !== null) {
      say();
      video.currentTime = second + 0.001;
      if (play) video.play().catch(() => {});
      return;
    }
  }
  load(at, play);
}

function load(at, play) {
  const from = begin + Math.floor((at - begin) / HOUR) * HOUR;
  loaded = { from, fragments: null };
  wanted = { at, play };
  say();
  const address = `${camera}/playlist.m3u8?from=${encodeURIComponent(moment(from))}&to=${encodeURIComponent(moment(from + HOUR))}`;
  hls?.destroy();
  hls = new Hls({ enableWorker: false, maxBufferLength: 20, backBufferLength: 60, startPosition: 0 });
  const mine = hls;
  hls.on(Hls.Events.LEVEL_LOADED, (_event, data) => {
    if (mine !== hls || loaded.fragments) return;
    loaded.fragments = data.details.fragments;
    arrive();
  });
  hls.on(Hls.Events.ERROR, (_event, data) => {
    if (mine === hls && data.fatal) say(player.dataset.hevc ? words.hevc : words.broken);
  });
  hls.loadSource(address);
  hls.attachMedia(video);
}

function arrive() {
  if (!wanted) return;
  const { at, play } = wanted;
  const second = place(at);
  wanted = null;
  if (second === null) return onwards(play);
  const start = () => {
    video.currentTime = second + 0.001;
    hasten();
    if (play) video.play().catch(() => {});
  };
  if (video.readyState >= 1) start();
  else video.addEventListener("loadedmetadata", start, { once: true });
}

function onwards(play = true) {
  const after = following(loaded ? loaded.from + HOUR - 1 : begin);
  if (after) load(Math.max(after.from, loaded.from + HOUR), play);
}
video.addEventListener("ended", () => onwards());

// --- What moved.

async function nextMotion() {
  let calm = 0;
  for (let hour = begin + Math.floor((now() - begin) / HOUR) * HOUR; hour < end; hour += HOUR) {
    const first = Math.floor((hour - begin) / 60_000);
    if (!told.motion.slice(first, first + 60).some((level) => level >= SLIGHT)) continue;
    for (const each of await glance.hour(hour)) {
      for (const [second, level] of each.motion.entries()) {
        const at = each.from + second * 1000;
        if (level < SLIGHT) calm ||= at;
        else if (at > now() + 1500 && (calm || at > now() + CALM_MS)) return go(at);
        else calm = 0;
      }
    }
  }
  say(words.still);
}

// --- The line.

const drawn = document.getElementById("drawn");
const cursor = document.getElementById("cursor");
const marked = document.getElementById("marked");
const ticks = document.getElementById("ticks");
const minutesOf = (at) => (at - begin) / 60_000;
const marks = { from: null, to: null };

function atPointer(event) {
  const box = drawn.getBoundingClientRect();
  const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  return begin + (view.from + share * view.minutes) * 60_000;
}

function draw() {
  const at = now();
  drawn.setAttribute("viewBox", `${view.from} 0 ${view.minutes} 60`);
  for (const name of ["x1", "x2"]) cursor.setAttribute(name, minutesOf(at));
  cursor.setAttribute("visibility", loaded ? "visible" : "hidden");
  const both = marks.from !== null && marks.to !== null;
  marked.setAttribute("x", both ? minutesOf(marks.from) : 0);
  marked.setAttribute("width", both ? Math.max(0, minutesOf(marks.to) - minutesOf(marks.from)) : 0);
  [...ticks.children].forEach((tick, number) => {
    tick.textContent = shown.format(begin + (view.from + (number * view.minutes) / 8) * 60_000).slice(0, 5);
  });
  document.getElementById("clock").textContent = loaded ? shown.format(at) : "";
  line.setAttribute("aria-valuenow", Math.round((at - begin) / 1000));
  line.setAttribute("aria-valuetext", shown.format(at));
}

function scale() {
  const whole = (end - begin) / 60_000;
  const minutes = Number(document.getElementById("scale").value) || whole;
  const middle = minutesOf(now());
  view = { minutes, from: Math.min(Math.max(0, middle - minutes / 2), whole - minutes) };
  draw();
}
document.getElementById("scale").addEventListener("change", scale);

function mark(which, at) {
  marks[which] = at;
  fields[which].value = typed(at);
  draw();
}
for (const which of ["from", "to"]) {
  document.getElementById(`mark-${which}`).addEventListener("click", () => mark(which, now()));
}

let pressed = null;
line.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  pressed = { at: atPointer(event), x: event.clientX, dragged: false };
  line.setPointerCapture(event.pointerId);
});
line.addEventListener("pointermove", (event) => {
  const at = atPointer(event);
  glance.show(at);
  if (!pressed) return;
  pressed.dragged ||= Math.abs(event.clientX - pressed.x) > 4;
  if (pressed.dragged) {
    mark("from", Math.min(at, pressed.at));
    mark("to", Math.max(at, pressed.at));
  }
});
line.addEventListener("pointerup", () => {
  if (pressed && !pressed.dragged) go(pressed.at, true);
  pressed = null;
});
line.addEventListener("pointerleave", () => glance.hide());
line.addEventListener("pointercancel", () => (pressed = null));

// --- Keys, by their place and not by their letter: J, K and L are О, Л and Д on a Russian keyboard.

const speed = document.getElementById("speed");
function hasten() {
  video.playbackRate = Number(speed.value) || 1;
}
speed.addEventListener("change", hasten);
video.addEventListener("play", hasten);

function faster(by) {
  speed.selectedIndex = Math.min(speed.options.length - 1, Math.max(0, speed.selectedIndex + by));
  hasten();
}

function toggle() {
  if (!loaded) go(told.recorded[0]?.from ?? begin, true);
  else if (video.paused) video.play().catch(() => {});
  else video.pause();
}

function frame(by) {
  video.pause();
  video.currentTime = Math.max(0, video.currentTime + by * FRAME_S);
}

const leap = (seconds) => () => go(now() + seconds * 1000);
const BY_KEY = {
  Space: toggle,
  KeyK: toggle,
  KeyJ: leap(-LEAP_S),
  KeyL: leap(LEAP_S),
  ArrowLeft: leap(-STEP_S),
  ArrowRight: leap(STEP_S),
  PageUp: leap(-600),
  PageDown: leap(600),
  Comma: () => frame(-1),
  Period: () => frame(1),
  KeyN: nextMotion,
  KeyI: () => mark("from", now()),
  KeyO: () => mark("to", now()),
  BracketLeft: () => faster(-1),
  BracketRight: () => faster(1),
};
const ALWAYS = new Set(["ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Space"]);
// What the browser's own controls take while the picture has the focus, as it has after a click.
const NATIVE = new Set(["ArrowLeft", "ArrowRight", "Space"]);
document.addEventListener("keydown", (event) => {
  const does = BY_KEY[event.code];
  if (!does || event.altKey || event.ctrlKey || event.metaKey) return;
  const onLine = event.target === line && ALWAYS.has(event.code);
  const theirs = event.target.closest("input, select, textarea, button, a") || (event.target === video && NATIVE.has(event.code));
  if (!onLine && (!document.getElementById("keys").checked || theirs)) return;
  event.preventDefault();
  does();
});
document.getElementById("motion").addEventListener("click", nextMotion);
video.addEventListener("timeupdate", draw);
video.addEventListener("seeked", draw);
// The browser's own button plays, too, before anything was loaded.
video.addEventListener("play", () => loaded || toggle());

// --- Begin.

async function start() {
  if (!Hls.isSupported()) return say(words.unsupported);
  if (player.dataset.hevc && !MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L93.B0"')) say(words.hevc);
  const answer = await fetch(`${camera}/day.json?day=${day}`);
  if (!answer.ok) return say(words.broken);
  told = await answer.json();
  for (const each of document.querySelectorAll(".controls")) each.hidden = false;
  draw();
  const [first, last] = [told.recorded[0], told.recorded.at(-1)];
  if (!last) return say(words.nothing);
  load(Math.max(first.from, last.to - 60_000), false);
  // Of a whole day's line a camera's first minutes are not a pixel.
  if (last.to - first.from < HOUR / 2) document.getElementById("scale").value = "60";
  scale();
}
start();
