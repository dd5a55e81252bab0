// A recording's waveform: both sides apart, from peaks that were computed once, in the colours of the page.
import WaveSurfer from "/static/libraries/wavesurfer.js";

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return { waveColor: of("--edge"), progressColor: of("--accent"), cursorColor: of("--ink"), mark: of("--mark-ink") };
}

// Draws it into `container` beside the player `audio`, with the regions that `redraw` puts there. Returns what the peaks
// tell; null: there are none.
export async function drawWaveform(container, audio, regions, redraw) {
  const answer = await fetch(container.dataset.peaks);
  if (!answer.ok) return null;
  const told = await answer.json();
  const height = 64;
  const channel = () => ({ ...colours(), height, overlay: false });
  const surfer = WaveSurfer.create({
    container,
    media: audio,
    peaks: told.channels.map((channelPeaks) => channelPeaks.map((peak) => peak / told.full)),
    duration: told.seconds,
    splitChannels: told.channels.map(channel),
    height,
    normalize: true,
    cursorWidth: 2,
    ...colours(),
    cspNonce: container.dataset.key,
    plugins: [regions],
  });
  surfer.on("ready", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    surfer.setOptions({ ...colours(), splitChannels: told.channels.map(channel) });
    redraw();
  });
  return told;
}
