// Stretches of a recording, chosen on its waveform or typed: both are the same rows. Without this script they are typed.
import Regions from "/static/libraries/wavesurfer-regions.js";
import { colours, drawWaveform } from "/static/waveform.js";

const audio = document.getElementById("sound");
const container = document.getElementById("waveform");
const rows = () => [...document.querySelectorAll("[data-stretch]")];
const ends = (row) => [row.querySelector("[name=from]"), row.querySelector("[name=to]")];

// Minutes, seconds and thousandths: `1:15.25`. What is chosen is never made shorter by rounding.
function written(seconds, round) {
  const whole = Math.max(0, round(seconds * 1000));
  const rest = String((whole % 60000) / 1000);
  return `${Math.floor(whole / 60000)}:${rest.indexOf(".") === 1 || rest.length === 1 ? "0" : ""}${rest}`;
}

function read(text) {
  const found = /^(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,6}(?:[.,]\d{1,3})?)$/.exec(text.trim());
  if (!found) return null;
  const [, hours, minutes, seconds] = found;
  return Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds.replace(",", "."));
}

function another() {
  const last = rows().at(-1);
  const row = last.cloneNode(true);
  for (const input of ends(row)) input.value = "";
  last.after(row);
  return row;
}

function fill(row, region) {
  const [from, to] = ends(row);
  from.value = written(region.start, Math.floor);
  to.value = written(region.end, Math.ceil);
}

async function draw() {
  const regions = Regions.create();
  let drawing = false;
  const redraw = () => {
    drawing = true;
    regions.clearRegions();
    rows().forEach((row, index) => {
      const [start, end] = ends(row).map((input) => read(input.value));
      if (start === null || end === null || end <= start) return;
      regions.addRegion({ id: String(index), start, end, color: `${colours().mark}55` });
    });
    drawing = false;
  };
  regions.on("region-created", (region) => {
    if (drawing) return;
    const free = rows().find((row) => ends(row).every((input) => !input.value.trim()));
    fill(free ?? another(), region);
    redraw();
  });
  regions.on("region-updated", (region) => {
    const row = rows()[Number(region.id)];
    if (row) fill(row, region);
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-stretch]")) redraw();
  });
  const told = await drawWaveform(container, audio, regions, redraw);
  if (!told) return;
  regions.enableDragSelection({ color: `${colours().mark}55` });
  container.dataset.drawn = "yes";
}

if (container) draw();
