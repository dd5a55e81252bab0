// Pictures while somebody looks for a moment: from the strips of the hour that the pointer is in.

const HOUR = 3600_000;
const TILE = 160;

export class Glance {
  constructor(canvas, camera) {
    this.canvas = canvas;
    this.camera = camera;
    this.hours = new Map();
    this.strips = new Map();
    this.wanted = null;
  }

  // The previews of the hour from `from` on: { object, from, pictures, motion }, in order.
  hour(from) {
    if (!this.hours.has(from)) {
      const address = `${this.camera}/previews.json?from=${new Date(from).toISOString()}&to=${new Date(from + HOUR).toISOString()}`;
      this.hours.set(from, fetch(address).then((answer) => (answer.ok ? answer.json() : [])));
    }
    return this.hours.get(from);
  }

  async show(at) {
    this.wanted = at;
    const found = (await this.hour(Math.floor(at / HOUR) * HOUR)).findLast((each) => each.from <= at);
    const until = found && found.from + found.motion.length * 1000;
    if (this.wanted !== at) return;
    if (!found || at > until) return this.hide();
    const number = Math.max(0, found.pictures.findLastIndex((ms) => found.from + ms <= at));
    const strip = await this.strip(found.object);
    if (this.wanted !== at || !strip) return;
    this.canvas.height = strip.height;
    this.canvas.getContext("2d").drawImage(strip, number * TILE, 0, TILE, strip.height, 0, 0, TILE, strip.height);
    this.canvas.hidden = false;
  }

  hide() {
    this.wanted = null;
    this.canvas.hidden = true;
  }

  strip(object) {
    if (!this.strips.has(object)) {
      if (this.strips.size > 40) this.strips.clear();
      const picture = new Image();
      picture.src = `${this.camera}/strips/${object}`;
      this.strips.set(object, picture.decode().then(() => picture, () => null));
    }
    return this.strips.get(object);
  }
}
