"use strict";
// Shows changes as they come and sends answers without leaving the page. Without this script the
// page reloads itself every five seconds and works all the same.

const typing = () =>
  [...document.querySelectorAll(".answer input[name=text]")].some((field) => field.value !== "");

const live = (root, name) => root.querySelector(`[data-live="${name}"]`);

// Whole cards may change places only while nobody writes an answer in one of them.
const replacePhones = (fresh) => {
  const old = live(document, "phones");
  if (!typing() && !old.contains(document.activeElement)) {
    old.replaceWith(live(fresh, "phones"));
    return;
  }
  for (const card of old.querySelectorAll(".phone")) {
    const screen = fresh.getElementById(card.id)?.querySelector(".screen > ol");
    if (screen) card.querySelector(".screen > ol").replaceWith(screen);
  }
};

const refresh = async () => {
  const response = await fetch(location.href);
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const name of ["lamp", "counts", "pages"]) {
    live(document, name).replaceWith(live(fresh, name));
  }
  replacePhones(fresh);
};

let running = false;
let again = false;
const changed = async () => {
  again = true;
  if (running) return;
  running = true;
  try {
    while (again) {
      again = false;
      await refresh();
    }
  } catch {
    // The simulator was stopped; the event source tries to come back by itself.
  } finally {
    running = false;
  }
};

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(".answer")) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  try {
    const response = await fetch(form.action, { method: "POST", body });
    if (!response.ok) throw new Error(response.statusText);
    form.elements.text.value = "";
    await changed();
  } catch {
    form.submit(); // The browser shows what went wrong.
  }
});

const events = new EventSource("/changes");
events.onopen = changed;
events.onmessage = changed;
