// A practice call, as it happens: asks for its steps, plays what the carrier would play, sends keys into it.
const phone = document.querySelector("#phone");

if (phone) {
  const call = phone.dataset.call;
  const [said, sound, silent, lost, keys, log, kept, left] = [
    "said", "sound", "silent", "lost", "keys", "steps", "kept", "left",
  ].map((id) => document.getElementById(id));
  const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  let over = false;

  const aloud = () => sound.play().then(() => { silent.hidden = true; }, (error) => {
    // A browser may want a press of a button before anything sounds; a sound that was stopped meanwhile is none.
    if (error.name === "NotAllowedError") silent.hidden = false;
  });

  const happens = (step) => {
    const { step: name, sound: source, words, language } = step.dataset;
    if (source) {
      said.textContent = words;
      said.lang = language;
      sound.src = source;
      aloud();
      return;
    }
    // What stops the sound at the other end stops it here.
    if (name !== "pressed_in_vain" && name !== "paused") sound.pause();
    said.textContent = step.querySelector("span").textContent;
    said.removeAttribute("lang");
  };

  const ask = async (path, options) => {
    const answer = await fetch(call + path, { headers: { Accept: "text/html" }, ...options });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    return answer;
  };

  const send = (button) => {
    const form = new FormData(keys);
    if (button.name) form.set(button.name, button.value);
    const where = button.id === "hang-up" ? "/hang-up" : "/keys";
    return ask(where, { method: "POST", body: new URLSearchParams(form), keepalive: true });
  };

  const failed = () => { lost.hidden = false; sound.pause(); };

  keys.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!over) send(event.submitter).catch(failed);
  });
  document.addEventListener("keydown", (event) => {
    if (over || event.ctrlKey || event.metaKey || event.altKey || !/^[0-9*#]$/.test(event.key)) return;
    const button = [...keys.querySelectorAll("button[name]")].find((each) => each.value === event.key);
    button.focus();
    send(button).catch(failed);
  });
  document.getElementById("aloud").addEventListener("click", aloud);
  // Who leaves the page has put down the phone.
  addEventListener("pagehide", () => { if (!over) send(document.getElementById("hang-up")).catch(() => {}); });

  const live = async () => {
    for (let after = 0; !over;) {
      const answer = await ask(`/steps?after=${after}`);
      after = Number(answer.headers.get("X-Steps"));
      over = answer.headers.get("X-Over") === "1";
      const before = log.children.length;
      log.insertAdjacentHTML("beforeend", await answer.text());
      [...log.children].slice(before).forEach(happens);
    }
    sound.pause();
    keys.querySelectorAll("button").forEach((button) => { button.disabled = true; });
  };

  const settle = async () => {
    kept.hidden = false;
    for (let tries = 0; tries < 90; tries += 1) {
      left.innerHTML = await (await ask("/kept")).text();
      if (left.querySelector("[data-settled]")) return;
      await pause(1);
    }
  };

  live().then(settle).catch(failed);
}
