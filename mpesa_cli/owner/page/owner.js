"use strict";
// Puts the parts that the server sends in their places, and says when they stop coming: an old page must not look new.
(() => {
  const SILENT_MS = 40000;
  const live = document.getElementById("live");
  let heardAt = Date.now();

  const say = (words, isOld) => {
    if (live.textContent !== words) live.textContent = words;
    document.body.classList.toggle("stale", isOld);
  };
  const clock = (at) => new Date(at).toTimeString().slice(0, 8);

  const put = (id, html) => {
    const place = document.getElementById(id);
    if (!place) return;
    const open = [...place.querySelectorAll("details[open]")].map((each) => each.id);
    place.innerHTML = html;
    for (const each of open) document.getElementById(each)?.setAttribute("open", "");
  };

  const source = new EventSource("/live");
  source.addEventListener("parts", (event) => {
    heardAt = Date.now();
    for (const [id, html] of Object.entries(JSON.parse(event.data))) put(id, html);
    say("Live.", false);
  });
  source.addEventListener("end", (event) => {
    source.close();
    clearInterval(watch);
    say(JSON.parse(event.data), true);
  });
  source.addEventListener("error", () => {
    say(`Not live since ${clock(heardAt)}: the numbers are of then.`, true);
  });
  const watch = setInterval(() => {
    if (Date.now() - heardAt > SILENT_MS) say(`Not live since ${clock(heardAt)}: the numbers are of then.`, true);
  }, 5000);
})();
