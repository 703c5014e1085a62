// The desk's one script. Every page works without it; it only saves clicks.
"use strict";

// On a narrow screen the menu and the filters begin closed; without this script they are open, and
// so can be reached.
if (matchMedia("(max-width: 60rem)").matches) {
  for (const folded of document.querySelectorAll("[data-folds]")) folded.open = false;
}

// Whoever sent a form with mistakes begins at what is wrong.
document.querySelector("[data-focus]")?.focus();

// «Показать пароль».
for (const box of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(box.dataset.reveal);
  box.hidden = false;
  box.addEventListener("change", (event) => {
    field.type = event.target.checked ? "text" : "password";
  });
}

// A filter is applied as it is chosen; its button stays for those without this script.
for (const form of document.querySelectorAll("form[data-auto]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

// A question before what cannot be taken back: <form data-confirm="…?"> or <button data-confirm>.
document.addEventListener("submit", (event) => {
  const asked = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (asked && !confirm(asked)) event.preventDefault();
});

// Live preview: <form data-preview="address" data-into="id">. The server renders and counts, this
// only puts its answer in place. What is late is thrown away.
for (const form of document.querySelectorAll("form[data-preview]")) {
  const place = document.getElementById(form.dataset.into);
  let timer = 0;
  let latest = 0;
  const show = async () => {
    const mine = ++latest;
    const answer = await fetch(form.dataset.preview, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      redirect: "error",
    }).catch(() => null);
    const text = answer && (answer.ok || answer.status === 422) ? await answer.text() : null;
    if (text === null || mine !== latest) return;
    const page = new DOMParser().parseFromString(text, "text/html");
    const piece = page.getElementById(form.dataset.into);
    if (piece) place.replaceChildren(...piece.childNodes);
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 300);
  });
}

// Live figures: the server says them as people read them.
const watched = document.querySelector("[data-live-from]");
if (watched) {
  const source = new EventSource(watched.dataset.liveFrom);
  source.onmessage = (event) => {
    for (const [name, said] of Object.entries(JSON.parse(event.data))) {
      const place = document.querySelector(`[data-live="${CSS.escape(name)}"]`);
      if (place && place.textContent !== said) place.textContent = said;
    }
  };
  addEventListener("pagehide", () => source.close());
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// Templates: a value is put where the cursor stands: <button data-insert="text" data-at="id">.
for (const button of document.querySelectorAll("[data-insert]")) {
  const field = document.getElementById(button.dataset.at);
  button.disabled = field.readOnly;
  button.addEventListener("click", () => {
    field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
}

// Help: a place that a link leads to is opened.
const opened = location.hash && document.getElementById(location.hash.slice(1));
if (opened?.localName === "details") opened.open = true;
