// Fills in the code from the text where a phone can, and counts down to when it can be sent again.
"use strict";

const field = document.getElementById("code");

if ("OTPCredential" in window) {
  const sent = new AbortController();
  field.form.addEventListener("submit", () => sent.abort());
  navigator.credentials
    .get({ otp: { transport: ["sms"] }, signal: sent.signal })
    .then((text) => { field.value = text.code; field.form.querySelector("button").focus(); })
    .catch(() => { /* The person types it. */ });
}

const pause = document.getElementById("pause");
const over = Date.now() + Number(pause.dataset.seconds) * 1000;

function count() {
  const left = Math.ceil((over - Date.now()) / 1000);
  if (left <= 0) { pause.textContent = pause.dataset.now; return; }
  const seconds = String(left % 60).padStart(2, "0");
  pause.textContent = `${pause.dataset.in} ${Math.floor(left / 60)}:${seconds}`;
  setTimeout(count, 1000);
}

count();
